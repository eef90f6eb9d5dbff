/** Puts `text` on the clipboard. @returns whether it worked: a browser may refuse. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyOld(text)
  }
}

/** For addresses that are not localhost and have no TLS, where browsers offer no clipboard. */
function copyOld(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'visually-hidden'
  // Inside an open dialog: what is outside of it cannot have the focus.
  const host = document.querySelector('[role=dialog],[role=alertdialog]') ?? document.body
  host.append(area)
  area.select()
  try {
    return document.execCommand('copy')
  } finally {
    area.remove()
  }
}
