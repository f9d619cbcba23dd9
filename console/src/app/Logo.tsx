// The place where our sign is drawn.
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0052d9" />
      <path d="M9 11.5h14M16 11.5v11" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <circle cx="9" cy="11.5" r="2.6" fill="#fff" />
      <circle cx="23" cy="11.5" r="2.6" fill="#fff" />
      <circle cx="16" cy="23" r="2.6" fill="#7fd6ff" />
    </svg>
  );
}
