import type { ReactNode } from 'react'
import './table.css'

interface TableProps<Row> {
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  /** Where a row can be opened: its first cell is the button for it. */
  onOpen?(row: Row): void
}

interface Column<Row> {
  head: string
  /** What a row says there. */
  cell(row: Row): ReactNode
  /** Takes what the others leave. */
  wide?: boolean
}

/** A table; on a phone each row is a card, with its heads before its values. */
export function Table<Row extends { id: string }>({ label, rows, columns, onOpen }: TableProps<Row>) {
  return (
    <div className="table-box">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ head, wide }) => (
              <th key={head} scope="col" className={wide ? 'wide' : undefined}>
                {head === 'Actions' ? <span className="visually-hidden">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              {columns.map(({ head, cell, wide }, index) => (
                <td key={head} data-head={head} className={wide ? 'wide' : undefined}>
                  {index === 0 && onOpen ? (
                    <button type="button" className="open break" onClick={() => onOpen(row)}>
                      {cell(row)}
                    </button>
                  ) : (
                    <div>{cell(row)}</div>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
