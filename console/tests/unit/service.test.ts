import { describe, expect, it } from 'vitest';
import { filterProblem, filtersOf } from '../../src/chapters/service/filters';
import { coversAll, stateOf } from '../../src/chapters/service/shown';

describe('filters of a service client', () => {
  it('are one a line; what is blank is none', () => {
    expect(filtersOf(' a/# \n\n  \nb')).toEqual(['a/#', 'b']);
    expect(filtersOf('')).toEqual([]);
  });

  it('are checked as the server does', () => {
    const problem = (text: string, way: 'publish' | 'subscribe' = 'subscribe') => filterProblem(text, way);
    for (const good of ['', '#', 'a/+/b/#', '/', '温度/+', '$thing/up/#', '$ota/report/P/+']) {
      expect(problem(good), good).toBeUndefined();
    }
    for (const bad of ['a#', '#/a', 'a/b+', '+a', 'x'.repeat(257)]) {
      expect(problem(`ok\n${bad}`), bad).toEqual({ word: 'badFilter', filter: bad });
    }
    expect(problem('$thing/down/#')).toEqual({ word: 'reservedFilter', filter: '$thing/down/#' });
    expect(problem('$thing/up/#', 'publish')).toEqual({ word: 'reservedFilter', filter: '$thing/up/#' });
    expect(problem('a\n'.repeat(21))?.word).toBe('manyFilters');
    expect(problem('a\n'.repeat(20))).toBeUndefined();
  });
});

describe('a service client', () => {
  it('has all products, or some', () => {
    expect(coversAll({ Products: ['*'] })).toBe(true);
    expect(coversAll({ Products: ['ABCDE12345'] })).toBe(false);
  });

  it('is disabled, whoever is still there', () => {
    expect(stateOf({ Enabled: false, Online: 1 })).toBe('disabled');
    expect(stateOf({ Enabled: true, Online: 1 })).toBe('online');
    expect(stateOf({ Enabled: true, Online: 0 })).toBe('offline');
  });
});
