// The place where one of few is chosen and each says what it is.
interface CardsProps<V extends string | number> {
  label: string;
  value: V;
  options: readonly { value: V; text: string; help: string }[];
  onChange: (value: V) => void;
}

export function Cards<V extends string | number>({ label, value, options, onChange }: CardsProps<V>) {
  return (
    <div className="cards" role="radiogroup" aria-label={label}>
      {options.map((one) => (
        <label key={one.value} className="cards-one">
          <input
            type="radio"
            name={label}
            checked={one.value === value}
            aria-label={one.text}
            onChange={() => onChange(one.value)}
          />
          <strong>{one.text}</strong>
          <span>{one.help}</span>
        </label>
      ))}
    </div>
  );
}
