// The place where a product's category is chosen (P-02): industry, group, category; or by search.
import { CheckIcon, ChevronRightIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CategoryEntry } from '../../api/gen';
import { Empty, Label, Search, Skeleton } from '../../kit';
import { useCategories } from './words';

interface CategoryPickerProps {
  value: number | undefined;
  onChange: (categoryId: number) => void;
}

const ROOT = 0;

export function CategoryPicker({ value, onChange }: CategoryPickerProps) {
  const { t } = useTranslation();
  const categories = useCategories();
  const [text, setText] = useState('');
  const [way, setWay] = useState<number[]>([]);
  const children = (parent: number) => categories.all.filter((one) => one.ParentId === parent);
  if (categories.loading) return <Skeleton rows={6} />;

  const industries = children(ROOT);
  const industry = way[0] ?? parents(categories.byId, value)[0] ?? industries[0]?.CategoryId;
  const groups = children(industry ?? -1);
  const group =
    groups.find((one) => one.CategoryId === (way[1] ?? parents(categories.byId, value)[1])) ?? groups[0];
  const leaves = children(group?.CategoryId ?? -1);
  const found = categories.all.filter((one) => {
    const leaf = children(one.CategoryId ?? -1).length === 0;
    const names = `${one.NameZh ?? ''} ${one.NameEn ?? ''}`.toLowerCase();
    return leaf && names.includes(text.toLowerCase());
  });
  return (
    <div className="category">
      <Search label={t('product.categorySearch')} value={text} onChange={setText} />
      {text ? (
        <div className="category-found" role="listbox" aria-label={t('product.category')}>
          {found.map((one) => (
            <Choice key={one.CategoryId} one={one} value={value} onChange={onChange} long />
          ))}
          {found.length === 0 && <Empty title={t('product.categoryNone')} />}
        </div>
      ) : (
        <div className="category-columns">
          <Level entries={industries} at={industry} onChange={(id) => setWay([id])} />
          <Level entries={groups} at={group?.CategoryId} onChange={(id) => setWay([industry ?? ROOT, id])} />
          <div role="listbox" aria-label={t('product.category')}>
            {leaves.map((one) => (
              <Choice key={one.CategoryId} one={one} value={value} onChange={onChange} />
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function parents(
  byId: (id: number | undefined) => CategoryEntry | undefined,
  id: number | undefined,
): number[] {
  const way: number[] = [];
  let at = byId(byId(id)?.ParentId);
  while (at?.CategoryId !== undefined && way.length < 5) {
    way.unshift(at.CategoryId);
    at = byId(at.ParentId);
  }
  return way;
}

interface LevelProps {
  entries: CategoryEntry[];
  at: number | undefined;
  onChange: (id: number) => void;
}

function Level({ entries, at, onChange }: LevelProps) {
  const { text } = useCategories();
  return (
    <div>
      {entries.map((one) => (
        <button
          key={one.CategoryId}
          type="button"
          className="category-level"
          aria-pressed={one.CategoryId === at}
          onClick={() => onChange(one.CategoryId ?? ROOT)}
        >
          {text(one)}
          <ChevronRightIcon aria-hidden="true" />
        </button>
      ))}
    </div>
  );
}

interface ChoiceProps {
  one: CategoryEntry;
  value: number | undefined;
  onChange: (id: number) => void;
  long?: boolean;
}

function Choice({ one, value, onChange, long }: ChoiceProps) {
  const { t } = useTranslation();
  const { text, path } = useCategories();
  const chosen = one.CategoryId === value;
  return (
    <button
      type="button"
      role="option"
      aria-selected={chosen}
      className="category-choice"
      onClick={() => onChange(one.CategoryId ?? ROOT)}
    >
      <span>{long ? path(one.CategoryId) : text(one)}</span>
      {one.HasModel && (
        <span aria-hidden="true">
          <Label>{t('product.categoryModel')}</Label>
        </span>
      )}
      {chosen && <CheckIcon aria-hidden="true" />}
    </button>
  );
}
