import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEVICE_NAME, IDENTIFIER, passwordFits, PRODUCT_NAME } from '../../src/limits';
import { defineOf, draftOf, featureDraft, featureOf, newDefine } from '../../src/thing-model/draft';
import {
  featuresOf,
  parseModel,
  withFeature,
  withoutFeatures,
  type Define,
  type Feature,
} from '../../src/thing-model/types';
import { checkDefine, checkFeature, checkValue } from '../../src/thing-model/validate';

const WORDS = { on: '开', off: '关' };
const LAMP: Define = { type: 'bool', mapping: { '0': '关', '1': '开' } };
const property = (id: string, define: Define = LAMP): Feature => ({
  kind: 'property',
  value: { id, name: '名称', mode: 'rw', define },
});

describe('checkDefine', () => {
  const check = (define: Define, ...expected: string[]) =>
    expect(checkDefine(define).map(({ path, wrong }) => `${path}: ${wrong}`)).toEqual(expected);

  it('wants both texts of a boolean', () => {
    check(LAMP);
    check({ type: 'bool', mapping: { '0': '关' } }, 'mapping: boolTexts');
    check({ type: 'bool', mapping: { '0': '关', '1': ' ' } }, 'mapping: boolTexts');
  });

  it('checks bounds, step and start of numbers', () => {
    check({ type: 'int', min: '0', max: '100', start: '50', step: '1' });
    check({ type: 'int' });
    check({ type: 'int', min: '0.5' }, 'min: integer');
    check({ type: 'float', min: '0.5', max: '1e3' });
    check({ type: 'float', max: 'ten' }, 'max: number');
    check({ type: 'int', min: '9', max: '1' }, 'max: crossed');
    check({ type: 'int', step: '0' }, 'step: step');
    check({ type: 'int', min: '0', max: '9', start: '10' }, 'start: start');
  });

  it('checks lengths of texts', () => {
    check({ type: 'string', max: '64' });
    check({ type: 'string', max: '0' }, 'max: length');
    check({ type: 'string', max: '65537' }, 'max: length');
    check({ type: 'string', max: 'x' }, 'max: length');
  });

  it('checks members', () => {
    check({ type: 'enum', mapping: { '0': 'a', '-1': 'b' } });
    check({ type: 'enum', mapping: {} }, 'mapping: enumEmpty');
    check({ type: 'enum', mapping: { red: 'a' } }, 'mapping: enumKey');
    check({ type: 'stringenum', mapping: { red: 'a' } });
    check({ type: 'stringenum', mapping: { '': 'a' } }, 'mapping: enumKey');
    check({ type: 'enum', mapping: { '0': '' } }, 'mapping: enumText');
  });

  it('finds mistakes inside of structs and arrays', () => {
    check({ type: 'struct', specs: [] }, 'specs: fields');
    const twice = { id: 'x', name: 'x', dataType: LAMP };
    check({ type: 'struct', specs: [twice, twice] }, 'specs[1].id: identifierTaken');
    const bad: Define = { type: 'int', min: '2', max: '1' };
    check(
      { type: 'array', arrayInfo: { type: 'struct', specs: [{ id: 'x', name: 'x', dataType: bad }] } },
      'arrayInfo.specs[0].define.max: crossed',
    );
  });
});

describe('checkFeature', () => {
  it('wants a name and an identifier that nobody else has', () => {
    expect(checkFeature(property('power'), new Set())).toEqual([]);
    expect(checkFeature(property('power'), new Set(['power']))).toEqual([
      { path: 'id', wrong: 'identifierTaken' },
    ]);
    expect(checkFeature(property(''), new Set())).toEqual([{ path: 'id', wrong: 'required' }]);
    expect(checkFeature(property('1st'), new Set())).toEqual([{ path: 'id', wrong: 'identifier' }]);
  });

  it('says in which parameter the mistake is', () => {
    const action: Feature = {
      kind: 'action',
      value: { id: 'open', name: '开锁', input: [{ id: 'id', name: '', define: LAMP }], output: [] },
    };
    expect(checkFeature(action, new Set())).toEqual([{ path: 'input[0].name', wrong: 'required' }]);
  });
});

describe('checkValue', () => {
  const check = (define: Define, value: unknown, expected?: string) =>
    expect(checkValue(define, value)).toBe(expected);

  it('lets pass what the device would accept', () => {
    check(LAMP, 1);
    check({ type: 'int', min: '0', max: '100' }, '100');
    check({ type: 'float', min: '-1', max: '1' }, 0.5);
    check({ type: 'string', max: '2' }, '灯泡');
    check({ type: 'stringenum', mapping: { eco: '节能' } }, 'eco');
    check({ type: 'timestamp' }, 1_700_000_000);
    check({ type: 'array', arrayInfo: { type: 'int' } }, '[1,2]');
  });

  it('names what is wrong', () => {
    check(LAMP, 2, 'member');
    check(LAMP, undefined, 'required');
    check({ type: 'int' }, '1.5', 'integer');
    check({ type: 'int' }, 'x', 'number');
    check({ type: 'int', max: '9' }, 10, 'range');
    check({ type: 'string', max: '2' }, '三个字', 'length');
    check({ type: 'enum', mapping: { '0': 'a' } }, 1, 'member');
    check({ type: 'enum', mapping: { '0': 'a' } }, 'toString', 'member');
    check({ type: 'timestamp' }, -1, 'time');
    check({ type: 'array', arrayInfo: { type: 'int' } }, '{}', 'shape');
    const specs = [{ id: 'a', name: 'a', dataType: { type: 'int', max: '9' } as Define }];
    check({ type: 'struct', specs }, { a: 10 }, 'range');
  });
});

describe('drafts', () => {
  const folder = new URL('../../../crates/thing/standard/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

  it.each(files)('edits %s without loss and without mistakes', (name) => {
    const model = parseModel(readFileSync(new URL(name, folder), 'utf8'));
    const features = featuresOf(model);
    expect(features.length).toBeGreaterThan(0);
    for (const feature of features) {
      const back = featureOf(featureDraft(feature, WORDS));
      expect(back.value).toMatchObject(JSON.parse(JSON.stringify(feature.value)) as object);
      const others = features.filter((one) => one !== feature).map((one) => one.value.id);
      expect(checkFeature(back, new Set(others))).toEqual([]);
    }
  });

  it('keeps what was typed when the type changes and comes back', () => {
    const draft = { ...draftOf({ type: 'int', min: '5', max: '6' }, WORDS), type: 'bool' as const };
    expect(defineOf(draft)).toEqual({ type: 'bool', mapping: { '0': '关', '1': '开' } });
    expect(defineOf({ ...draft, type: 'int' })).toMatchObject({ min: '5', max: '6' });
  });

  it('lets no value of an enum be used twice', () => {
    const draft = newDefine('stringenum', WORDS);
    const members = [
      { key: 'a', text: 'x' },
      { key: 'a', text: 'y' },
    ];
    expect(checkDefine(defineOf({ ...draft, members }))).toEqual([{ path: 'mapping', wrong: 'enumKey' }]);
  });
});

describe('models', () => {
  it('reads what is no model as an empty one', () => {
    for (const text of [undefined, '', '{', 'null', '[]']) expect(featuresOf(parseModel(text))).toEqual([]);
  });

  it('keeps keys that it does not know', () => {
    const model = parseModel('{"version":"1.0","profile":{"ProductId":"X"},"extra":1,"properties":[]}');
    expect(withFeature(model, property('a'))).toMatchObject({ extra: 1, profile: { ProductId: 'X' } });
  });

  it('puts a changed feature where the old one was', () => {
    let model = parseModel('{}');
    for (const id of ['a', 'b', 'c']) model = withFeature(model, property(id));
    model = withFeature(model, property('z'), 'b');
    expect(model.properties.map((one) => one.id)).toEqual(['a', 'z', 'c']);
    expect(withoutFeatures(model, new Set(['a', 'c'])).properties.map((one) => one.id)).toEqual(['z']);
  });
});

describe('limits', () => {
  it('holds names to the manual', () => {
    expect(PRODUCT_NAME.test('智能灯_1')).toBe(true);
    expect(PRODUCT_NAME.test('a b')).toBe(false);
    expect(PRODUCT_NAME.test('字'.repeat(21))).toBe(false);
    expect(DEVICE_NAME.test('lamp:1-a_B')).toBe(true);
    expect(DEVICE_NAME.test('灯泡')).toBe(false);
    expect(IDENTIFIER.test('a'.repeat(33))).toBe(false);
    expect(passwordFits('1234567')).toBe(false);
    expect(passwordFits('密'.repeat(86))).toBe(false);
    expect(passwordFits('12345678')).toBe(true);
  });
});
