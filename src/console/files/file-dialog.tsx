import { useAction } from '../api/use-action.ts'
import { ContextFileCreateDocument } from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { SelectField, Switch, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { entriesOf, textsOf } from '../ui/list-text.ts'
import { all, atMost, required, webUrl } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'

const OFFICE = 'application/vnd.openxmlformats-officedocument'
const mimeTypes = [
  ['text/plain', 'Plain text'],
  ['text/html', 'HTML'],
  ['application/pdf', 'PDF'],
  [`${OFFICE}.wordprocessingml.document`, 'Word (docx)'],
  [`${OFFICE}.presentationml.presentation`, 'PowerPoint (pptx)'],
  ['audio/mpeg', 'Audio (mp3)'],
  ['video/mp4', 'Video (mp4)'],
  ['application/zip', 'Zip'],
] as const
const sources = [
  ['text', 'Text given here'],
  ['url', 'An address'],
] as const

interface FileDialogProps {
  contexts: readonly { id: string; name: string }[]
  /** What is chosen at first; empty: the first one. */
  contextId: string
  onClose(): void
}

export function FileDialog({ contexts, contextId, onClose }: FileDialogProps) {
  const tell = useTell()
  const { run, busy } = useAction(ContextFileCreateDocument, ['ContextFile', 'Context'])
  const initial = {
    contextId: contextId || (contexts[0]?.id ?? ''),
    name: '',
    mimeType: 'text/plain',
    source: 'text',
    documentContent: '',
    sourceUrl: '',
    externalId: '',
    runId: '',
    labels: '',
    autoPublish: false,
  }
  const content = all(required, atMost(100_000))
  const form = useForm(initial, {
    name: all(required, atMost(100)),
    documentContent: (value, { source }) => (source === 'text' ? content(value) : ''),
    sourceUrl: (value, { source }) => (source === 'url' ? all(required, atMost(2000), webUrl)(value) : ''),
    externalId: atMost(200),
    runId: atMost(200),
    labels: textsOf(10),
  })
  const { values, set } = form

  async function save() {
    const { source, ...rest } = values
    const { fault } = await run({
      input: {
        ...rest,
        documentContent: source === 'text' ? rest.documentContent : null,
        sourceUrl: source === 'url' ? rest.sourceUrl.trim() : null,
        externalId: rest.externalId || null,
        runId: rest.runId || null,
        labels: entriesOf(rest.labels),
      },
    })
    if (fault) return form.refuse(fault)
    tell.done('Context file created successfully')
    onClose()
  }

  return (
    <Dialog onClose={onClose} title="New Context File">
      <DialogForm form={form} busy={busy} onSave={save} onCancel={onClose}>
        <SelectField
          label="Context"
          value={values.contextId}
          onChange={(id) => set('contextId', id)}
          options={contexts.map(({ id, name }) => [id, name])}
          error={form.error('contextId')}
        />
        <TextField label="Name" max={100} placeholder="Guide.txt" {...form.bind('name')} />
        <SelectField
          label="Type"
          value={values.mimeType}
          onChange={(type) => set('mimeType', type)}
          options={mimeTypes}
          error={form.error('mimeType')}
        />
        <SelectField
          label="Content from"
          value={values.source}
          onChange={(source) => set('source', source)}
          options={sources}
        />
        {values.source === 'text' ? (
          <TextField label="Content" rows={4} max={100_000} {...form.bind('documentContent')} />
        ) : (
          <TextField label="Source URL" type="url" mono {...form.bind('sourceUrl')} />
        )}
        <TextField label="Labels" optional hint="Separated by commas; at most 10." {...form.bind('labels')} />
        <TextField label="External id" optional hint="Unique within the app." {...form.bind('externalId')} />
        <TextField label="Run id" optional hint="The ingestion run that it comes with." {...form.bind('runId')} />
        <Switch
          label="Publish as soon as it is ready"
          checked={values.autoPublish}
          onChange={(on) => set('autoPublish', on)}
        />
      </DialogForm>
    </Dialog>
  )
}
