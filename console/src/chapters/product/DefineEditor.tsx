// The place where a data type is edited: its bounds, its members, its fields.
import { AddIcon, DeleteIcon } from 'tdesign-icons-react';
import { useTranslation } from 'react-i18next';
import { Button, Field, Input, Notice, Select } from '../../kit';
import { newDefine, newParam, type DefineDraft, type ParamDraft } from '../../thing-model/draft';
import { ELEMENT_TYPES, SIMPLE_TYPES, type DataType } from '../../thing-model/types';

/** What is wrong at a path, as text. */
export type Wrongs = (path: string) => string | undefined;

interface DefineEditorProps {
  draft: DefineDraft;
  onChange: (draft: DefineDraft) => void;
  path: string;
  wrongs: Wrongs;
  types: readonly DataType[];
  /** The label of the type; an array's element has another one. */
  label?: string;
}

export function DefineEditor({ draft, onChange, path, wrongs, types, label }: DefineEditorProps) {
  const { t } = useTranslation();
  const put = (change: Partial<DefineDraft>) => onChange({ ...draft, ...change });
  return (
    <>
      <Field label={label ?? t('model.type')} required>
        <Select
          value={draft.type}
          options={types.map((type) => ({ value: type, text: t(`model.types.${type}`), note: type }))}
          onChange={(type) => put({ type })}
        />
      </Field>
      <Details draft={draft} put={put} path={path} wrongs={wrongs} types={types} />
    </>
  );
}

interface DetailsProps {
  draft: DefineDraft;
  put: (change: Partial<DefineDraft>) => void;
  path: string;
  wrongs: Wrongs;
  types: readonly DataType[];
}

function Details(props: DetailsProps) {
  const { draft, put, path, wrongs } = props;
  const { t } = useTranslation();
  switch (draft.type) {
    case 'bool':
      return <BoolFields {...props} />;
    case 'int':
    case 'float':
      return <NumberFields {...props} />;
    case 'string':
      return (
        <Field label={t('model.maxLength')} required error={wrongs(`${path}.max`)}>
          <Input value={draft.length} onChange={(length) => put({ length })} />
        </Field>
      );
    case 'enum':
    case 'stringenum':
      return <MemberFields {...props} />;
    case 'timestamp':
      return null;
    case 'struct':
      return (
        <ParamList
          title={t('model.fields')}
          kind="field"
          params={draft.fields}
          onChange={(fields) => put({ fields })}
          path={`${path}.specs`}
          wrongs={wrongs}
          types={SIMPLE_TYPES}
        />
      );
    case 'array':
      return <ElementFields {...props} />;
  }
}

function BoolFields({ draft, put, path, wrongs }: DetailsProps) {
  const { t } = useTranslation();
  return (
    <Field label={t('model.boolTexts')} required group error={wrongs(`${path}.mapping`)}>
      <div className="k-grid-2">
        <div className="bool-text">
          <span className="k-mono">0</span>
          <Input label={`0 ${t('model.memberText')}`} value={draft.off} onChange={(off) => put({ off })} />
        </div>
        <div className="bool-text">
          <span className="k-mono">1</span>
          <Input label={`1 ${t('model.memberText')}`} value={draft.on} onChange={(on) => put({ on })} />
        </div>
      </div>
    </Field>
  );
}

function NumberFields({ draft, put, path, wrongs }: DetailsProps) {
  const { t } = useTranslation();
  const names = ['min', 'max', 'start', 'step'] as const;
  return (
    <div className="k-grid-3">
      {names.map((name) => (
        <Field key={name} label={t(`model.${name}`)} error={wrongs(`${path}.${name}`)}>
          <Input value={draft[name]} onChange={(text) => put({ [name]: text })} />
        </Field>
      ))}
      <Field label={t('model.unit')}>
        <Input value={draft.unit} maxlength={16} onChange={(unit) => put({ unit })} />
      </Field>
    </div>
  );
}

function MemberFields({ draft, put, path, wrongs }: DetailsProps) {
  const { t } = useTranslation();
  const { members, type } = draft;
  const set = (n: number, change: Partial<{ key: string; text: string }>) =>
    put({ members: members.map((one, m) => (m === n ? { ...one, ...change } : one)) });
  const next = () => {
    const largest = Math.max(-1, ...members.map((one) => Number(one.key)).filter(Number.isInteger));
    put({ members: [...members, { key: type === 'enum' ? String(largest + 1) : '', text: '' }] });
  };
  return (
    <Field label={t('model.members')} required group error={wrongs(`${path}.mapping`)}>
      <div className="members">
        {members.map((one, n) => (
          <div key={n} className="member">
            <Input
              label={`${t('model.memberValue')} ${n + 1}`}
              placeholder={t('model.memberValue')}
              value={one.key}
              onChange={(key) => set(n, { key })}
            />
            <Input
              label={`${t('model.memberText')} ${n + 1}`}
              placeholder={t('model.memberText')}
              value={one.text}
              onChange={(text) => set(n, { text })}
            />
            <button
              type="button"
              className="k-icon-button"
              aria-label={t('model.removeMember', { n: n + 1 })}
              onClick={() => put({ members: members.filter((_, m) => m !== n) })}
            >
              <DeleteIcon />
            </button>
          </div>
        ))}
        <Button theme="default" variant="dashed" size="small" icon={<AddIcon />} onClick={next}>
          {t('model.addMember')}
        </Button>
      </div>
    </Field>
  );
}

function ElementFields({ draft, put, path, wrongs }: DetailsProps) {
  const { t } = useTranslation();
  const words = { on: t('model.on'), off: t('model.off') };
  return (
    <DefineEditor
      label={t('model.element')}
      draft={draft.element ?? newDefine('string', words)}
      onChange={(element) => put({ element })}
      path={`${path}.arrayInfo`}
      wrongs={wrongs}
      types={ELEMENT_TYPES}
    />
  );
}

interface ParamListProps {
  title: string;
  kind: 'param' | 'field';
  params: ParamDraft[];
  onChange: (params: ParamDraft[]) => void;
  path: string;
  wrongs: Wrongs;
  types: readonly DataType[];
}

/** Parameters of an event or an action, fields of a struct. */
export function ParamList({ title, kind, params, onChange, path, wrongs, types }: ParamListProps) {
  const { t } = useTranslation();
  const field = kind === 'field';
  const words = { on: t('model.on'), off: t('model.off') };
  const set = (n: number, change: Partial<ParamDraft>) =>
    onChange(params.map((one, m) => (m === n ? { ...one, ...change } : one)));
  const listWrong = wrongs(path);
  return (
    <Field label={title} required={field} group>
      <div className="params">
        {params.map((param, n) => (
          <fieldset key={param.row} className="param" aria-label={`${title} ${n + 1}`}>
            <button
              type="button"
              className="k-icon-button param-remove"
              aria-label={t(field ? 'model.removeField' : 'model.removeParam', { n: n + 1 })}
              onClick={() => onChange(params.filter((_, m) => m !== n))}
            >
              <DeleteIcon />
            </button>
            <div className="k-grid-2">
              <Field
                label={t(field ? 'model.fieldName' : 'model.paramName')}
                required
                error={wrongs(`${path}[${n}].name`)}
              >
                <Input value={param.name} onChange={(name) => set(n, { name })} />
              </Field>
              <Field
                label={t(field ? 'model.fieldId' : 'model.paramId')}
                required
                error={wrongs(`${path}[${n}].id`)}
              >
                <Input value={param.id} onChange={(id) => set(n, { id })} />
              </Field>
            </div>
            <DefineEditor
              draft={param.define}
              onChange={(define) => set(n, { define })}
              path={`${path}[${n}].define`}
              wrongs={wrongs}
              types={types}
            />
          </fieldset>
        ))}
        <Button
          theme="default"
          variant="dashed"
          size="small"
          icon={<AddIcon />}
          onClick={() => onChange([...params, newParam(newDefine('int', words))])}
        >
          {t(field ? 'model.addField' : 'model.addParam')}
        </Button>
      </div>
      {listWrong && <Notice kind="error">{listWrong}</Notice>}
    </Field>
  );
}
