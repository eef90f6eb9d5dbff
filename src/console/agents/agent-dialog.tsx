import { useQuery } from 'urql'
import { useAction } from '../api/use-action.ts'
import { AgentCreateDocument, type AgentFieldsFragment, AgentUpdateDocument, ContextsDocument } from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { Checkbox, SelectField, Switch, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { entriesOf, textsOf } from '../ui/list-text.ts'
import { all, atMost, required, tenant } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'

const rules = {
  agentName: all(required, atMost(50)),
  agentPurpose: all(required, atMost(1000)),
  formatting: all(required, atMost(500)),
  agentPersonality: atMost(500),
  agentPolicyRules: atMost(500),
  iceBreakerMessage: atMost(1000),
  tags: textsOf(10),
  externalTenantId: tenant,
}
const accesses = [
  ['RESTRICTED_ACCESS', 'Restricted: only whom it was opened to'],
  ['OPEN_ACCESS', 'Open: everyone'],
] as const

/** Makes an agent, or changes the one given. */
export function AgentDialog({ agent, onClose }: { agent?: AgentFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const create = useAction(AgentCreateDocument, ['Agent'])
  const update = useAction(AgentUpdateDocument, ['Agent'])
  const form = useForm(
    {
      agentName: agent?.agentName ?? '',
      agentPurpose: agent?.agentPurpose ?? '',
      formatting: agent?.formatting ?? '',
      agentPersonality: agent?.agentPersonality ?? '',
      agentPolicyRules: agent?.agentPolicyRules ?? '',
      iceBreakerMessage: agent?.iceBreakerMessage ?? '',
      tags: agent?.tags.join(', ') ?? '',
      live: agent?.live ?? false,
      access: agent?.access ?? 'RESTRICTED_ACCESS',
      contextIds: agent?.contexts.map(({ id }) => id) ?? [],
      externalTenantId: '',
    },
    rules,
  )
  const { values, set } = form

  async function save() {
    const { externalTenantId, ...rest } = values
    const input = {
      ...rest,
      tags: entriesOf(rest.tags),
      agentPersonality: rest.agentPersonality || null,
      agentPolicyRules: rest.agentPolicyRules || null,
      iceBreakerMessage: rest.iceBreakerMessage || null,
    }
    const { fault } = agent
      ? await update.run({ id: agent.id, input })
      : await create.run({ input: { ...input, externalTenantId: externalTenantId || null } })
    if (fault) return form.refuse(fault)
    tell.done(agent ? 'Agent updated successfully' : 'Agent created successfully')
    onClose()
  }

  return (
    <Dialog onClose={onClose} title={agent ? 'Edit Agent' : 'New Agent'}>
      <DialogForm form={form} busy={create.busy || update.busy} onSave={save} onCancel={onClose}>
        <TextField label="Name" max={50} {...form.bind('agentName')} />
        <TextField label="Purpose" rows={2} max={1000} {...form.bind('agentPurpose')} />
        <TextField label="Formatting" rows={2} max={500} {...form.bind('formatting')} />
        <TextField label="Personality" optional rows={2} max={500} {...form.bind('agentPersonality')} />
        <TextField label="Policy rules" optional rows={2} max={500} {...form.bind('agentPolicyRules')} />
        <TextField label="Ice breaker message" optional rows={2} max={1000} {...form.bind('iceBreakerMessage')} />
        <TextField label="Tags" optional hint="Separated by commas; at most 10." {...form.bind('tags')} />
        {!agent && (
          <TextField
            label="Tenant"
            optional
            hint="The tenant that it belongs to. It cannot be changed later."
            {...form.bind('externalTenantId')}
          />
        )}
        <SelectField
          label="Access"
          value={values.access}
          onChange={(access) => set('access', access as typeof values.access)}
          options={accesses}
        />
        <ContextChoice
          chosen={values.contextIds}
          onChange={(ids) => set('contextIds', ids)}
          error={form.error('contextIds')}
        />
        <Switch label="Live" checked={values.live} onChange={(live) => set('live', live)} />
      </DialogForm>
    </Dialog>
  )
}

interface ContextChoiceProps {
  chosen: string[]
  onChange(ids: string[]): void
  error: string | undefined
}

/** The contexts that an agent uses: of the newest 100. */
function ContextChoice({ chosen, onChange, error }: ContextChoiceProps) {
  const [{ data }] = useQuery({ query: ContextsDocument, variables: { first: 100 } })
  const contexts = data?.contexts.nodes ?? []
  if (contexts.length === 0) return null
  return (
    <fieldset>
      <legend>
        Contexts <span className="muted">(optional; at most 30)</span>
      </legend>
      <div className="stack tight choice">
        {contexts.map(({ id, name }) => (
          <Checkbox
            key={id}
            label={name}
            checked={chosen.includes(id)}
            onChange={(on) => onChange(on ? [...chosen, id] : chosen.filter((other) => other !== id))}
          />
        ))}
      </div>
      <p className="field-error" role="alert">
        {error}
      </p>
    </fieldset>
  )
}
