/**
 * Where V8 keeps what in its objects and frames, for the V8 of one executable: from the `v8dbg_*` constants that every
 * build of Node exports for debuggers (deps/v8/tools/gen-postmortem-metadata.py), and from a table by version for what these
 * lack. Names are matched by their beginning, since the type at their end changes from version to version.
 */
import type { Unknown } from '../../snapshot/model.ts'
import type { ElfImage } from '../elf-image.ts'

export interface Layout {
  /** major * 100 + minor: 10.2 is 1002. */
  readonly version: number
  /** A field's offset in its object. */
  readonly field: Readonly<Record<FieldName, number>>
  /** Instance types, and ranges of them. */
  readonly type: Readonly<Record<TypeName, number>> & { readonly JS_FUNCTION_LAST: number }
  readonly string: Readonly<Record<StringConstant, number>>
  /** Offsets of a JavaScript frame's slots from its frame pointer. */
  readonly frame: {
    readonly marker: number
    readonly function: number
    readonly bytecodes: number
    readonly bytecodeOffset: number
  }
  /** Numbers of frames that are marked by their type, with V8's names for them. */
  readonly frameTypes: ReadonlyMap<number, string>
  /** The first slot of the context locals' names in a ScopeInfo. */
  readonly scopeInfoNames: number
  readonly codeKindBaseline: number
  readonly codeKindMask: number
  /** Indexes in DeoptimizationData. */
  readonly deoptimization: {
    readonly count: number
    readonly literals: number
    readonly function: number
    readonly positions: number
  }
  /** How the instructions' offsets in a source position table are written. */
  readonly positionTable: 'signed' | 'flagged' | 'unknown'
  /** Any other constant, by the beginning of its name. */
  readonly constant: (prefix: string) => number | undefined
  /** The lengths of the bytecodes for each width of operands; undefined where the executable does not tell. */
  readonly bytecodeSizes: () => readonly [Buffer, Buffer, Buffer] | undefined
  /** All instance types by V8's names without `_TYPE`, and everything else that the executable tells, without `v8dbg_`. */
  readonly types: ReadonlyMap<string, number>
  readonly constants: ReadonlyMap<string, number>
}

type FieldName = keyof typeof fields
type TypeName = (typeof types)[number]
type StringConstant = keyof typeof stringConstants

/** By our name: the beginning of the constant's name, or nothing where V8 exports none. */
const fields = {
  map: 'class_HeapObject__map__',
  instanceType: 'class_Map__instance_type__',
  functionShared: 'class_JSFunction__shared__',
  sharedName: 'class_SharedFunctionInfo__name_or_scope_info__',
  sharedScript: ['class_SharedFunctionInfo__script__', 'class_SharedFunctionInfo__script_or_debug_info__'],
  scriptSource: 'class_Script__source__',
  scriptName: 'class_Script__name__',
  scriptLineEnds: 'class_Script__line_ends__',
  bytecodeData: 'class_BytecodeArray__data__',
  stringLength: 'class_String__length__',
  oneByteChars: 'class_SeqOneByteString__chars__',
  twoByteChars: 'class_SeqTwoByteString__chars__',
  consFirst: 'class_ConsString__first__',
  consSecond: 'class_ConsString__second__',
  slicedParent: 'class_SlicedString__parent__',
  slicedOffset: 'class_SlicedString__offset__',
  thinActual: 'class_ThinString__actual__',
  externalResource: 'class_ExternalString__resource__',
  arrayLength: 'class_FixedArrayBase__length__',
  arrayData: 'class_FixedArray__data__',
  scriptLineOffset: '',
  bytecodePositions: '',
  codeStart: 'class_Code__instruction_start__',
  codeSize: 'class_Code__instruction_size__',
  codeFlags: 'class_Code__flags__',
  codeDeoptimization: 'class_Code__deoptimization_data__',
  codePositions: 'class_Code__source_position_table__',
  streamCode: '',
  wrappedShared: 'class_SharedFunctionInfoWrapper__shared_info__',
} as const

const types = [
  'MAP',
  'JS_FUNCTION',
  'SHARED_FUNCTION_INFO',
  'SCRIPT',
  'SCOPE_INFO',
  'BYTECODE_ARRAY',
  'FIXED_ARRAY',
  'BYTE_ARRAY',
  'TRUSTED_BYTE_ARRAY',
  'TRUSTED_FIXED_ARRAY',
  'PROTECTED_FIXED_ARRAY',
  'WEAK_FIXED_ARRAY',
  'TRUSTED_WEAK_FIXED_ARRAY',
  'DEBUG_INFO',
  'INSTRUCTION_STREAM',
  'CODE',
  'SHARED_FUNCTION_INFO_WRAPPER',
] as const

const stringConstants = {
  firstNonString: 'FirstNonstringType',
  representationMask: 'StringRepresentationMask',
  encodingMask: 'StringEncodingMask',
  oneByte: 'OneByteStringTag',
  sequential: 'SeqStringTag',
  cons: 'ConsStringTag',
  sliced: 'SlicedStringTag',
  thin: 'ThinStringTag',
  external: 'ExternalStringTag',
} as const

/** The lowest and the highest V8 that was measured: Node 18 and 26. */
const MEASURED = { from: 1002, to: 1406 }

/** The fields without a constant, for a V8 version (measured on 10.2, 11.3, 12.4, 13.6 and 14.6). */
function untold(version: number): Readonly<Partial<Record<FieldName, number>>> {
  const since124 = version >= 1204
  return {
    scriptLineOffset: 24,
    bytecodePositions: since124 ? 24 : 32,
    codeStart: version < 1100 ? 128 : 40,
    codeSize: version < 1100 ? 40 : version < 1204 ? 56 : version < 1300 ? 52 : 56,
    codeFlags: since124 ? (version < 1300 ? 48 : 52) : 48,
    codeDeoptimization: since124 ? 8 : 16,
    codePositions: since124 ? 16 : 24,
    streamCode: 8,
    wrappedShared: 8,
  }
}

/** The layout of the V8 in an image, or why it cannot be had. */
export function readLayout(image: ElfImage): Layout | Unknown {
  const symbols = image.dynamicSymbols(['v8dbg_', '_ZN2v88internal7Version6m'])
  const value = (name: string): number | undefined => {
    const symbol = symbols.get(name)
    return symbol && image.bytesAt(symbol.address, 4)?.readInt32LE(0)
  }
  const major = value('_ZN2v88internal7Version6major_E')
  const minor = value('_ZN2v88internal7Version6minor_E')
  if (major === undefined || minor === undefined || symbols.size < 100)
    return { unknown: 'its executable does not export the layout of its V8' }
  const version = major * 100 + minor
  if (version < MEASURED.from)
    return { unknown: `its V8 (${major}.${minor}) is older than those that are known` }
  if (
    value('v8dbg_TaggedSize') !== 8 ||
    value('v8dbg_SmiShiftSize') !== 31 ||
    value('v8dbg_HeapObjectTag') !== 1
  )
    return { unknown: 'its V8 compresses pointers, which is not read' }

  const constants = new Map<string, number>()
  const names = [...symbols.keys()].filter(name => name.startsWith('v8dbg_')).sort()
  for (const name of names) {
    const told = value(name)
    if (told !== undefined) constants.set(name.slice(6), told)
  }
  const beginning = (prefix: string) => {
    for (const [name, told] of constants) if (name.startsWith(prefix)) return told
    return undefined
  }
  const missing: string[] = []
  const demand = (name: string, told: number | undefined): number => {
    if (told === undefined) missing.push(name)
    return told ?? -1
  }
  const table = untold(version)
  const field = mapRecord(fields, (prefixes, name) => {
    const told = [prefixes].flat().flatMap(prefix => (prefix === '' ? [] : (beginning(prefix) ?? [])))[0]
    // Before 12, Code's fields of these names belonged to what is InstructionStream now, or were none.
    return demand(name, told ?? table[name])
  })
  const string = mapRecord(stringConstants, name => demand(name, constants.get(name)))
  const typeOf = new Map(
    [...constants].flatMap(([name, told]) => {
      const type = /^type_.*__([A-Z_0-9]+)_TYPE$/.exec(name)?.[1]
      return type === undefined ? [] : [[type, told] as const]
    }),
  )
  const type = Object.fromEntries(types.map(name => [name, typeOf.get(name) ?? -1])) as Record<
    TypeName,
    number
  >
  for (const name of [
    'MAP',
    'JS_FUNCTION',
    'SHARED_FUNCTION_INFO',
    'SCRIPT',
    'SCOPE_INFO',
    'BYTECODE_ARRAY',
  ] as const)
    demand(name, typeOf.get(name))
  const frame = {
    marker: demand('off_fp_context_or_frame_type', constants.get('off_fp_context_or_frame_type')),
    function: demand('off_fp_function', constants.get('off_fp_function')),
    bytecodes: demand('off_fp_bytecode_array', constants.get('off_fp_bytecode_array')),
    bytecodeOffset: demand('off_fp_bytecode_offset', constants.get('off_fp_bytecode_offset')),
  }
  const codeKindBaseline = demand('CodeKindBaseline', constants.get('CodeKindBaseline'))
  const scopeInfoNames = demand('scopeinfo_idx_first_vars', constants.get('scopeinfo_idx_first_vars'))
  if (missing.length > 0)
    return {
      unknown: `its V8 (${major}.${minor}) does not tell its layout (${missing.slice(0, 3).join(', ')})`,
    }
  const frameTypes = new Map(
    [...constants].flatMap(([name, told]) =>
      name.startsWith('frametype_') ? [[told, name.slice('frametype_'.length)] as const] : [],
    ),
  )
  return {
    version,
    field,
    type: {
      ...type,
      JS_FUNCTION: constants.get('FirstJSFunctionType') ?? type.JS_FUNCTION,
      // The types of functions follow each other; class constructors are the last of them.
      JS_FUNCTION_LAST: constants.get('LastJSFunctionType') ?? type.JS_FUNCTION + 16,
    },
    string,
    frame,
    frameTypes,
    scopeInfoNames,
    codeKindBaseline,
    codeKindMask: constants.get('CodeKindFieldMask') ?? 0xf,
    deoptimization:
      version < 1300
        ? { count: 1, literals: 2, function: 6, positions: 7 }
        : { count: 1, literals: 3, function: 7, positions: 8 },
    // Between 13.6 and 14.1 the sign gave way to two flags; which of the versions in between did is not known.
    positionTable: version <= 1306 ? 'signed' : version >= 1401 ? 'flagged' : 'unknown',
    constant: beginning,
    bytecodeSizes: once(() => bytecodeSizes(image)),
    types: typeOf,
    constants,
  }
}

const sizesByBuild = new WeakMap<Layout['constants'], ReturnType<Layout['bytecodeSizes']>>()

/** A layout that was read from another opening of the same executable: what is looked up later is looked up in this one. */
export function layoutIn(image: ElfImage, layout: Layout): Layout {
  const sizes = () => {
    const known = sizesByBuild.get(layout.constants) ?? bytecodeSizes(image)
    sizesByBuild.set(layout.constants, known)
    return known
  }
  return { ...layout, bytecodeSizes: once(sizes) }
}

/** Whether a version is among those that were measured, or in between. */
export function isMeasured({ version }: Layout): boolean {
  return version >= MEASURED.from && version <= MEASURED.to
}

/** `Bytecodes::kBytecodeSizes`: three rows of bytes. Exported up to 12.4, else only in the full symbol table. */
function bytecodeSizes(image: ElfImage): readonly [Buffer, Buffer, Buffer] | undefined {
  const name = '_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE'
  const symbol = image.dynamicSymbols([name]).get(name) ?? image.allSymbols([name]).get(name)
  if (symbol === undefined || symbol.size % 3 !== 0 || symbol.size > 3 * 256) return undefined
  const bytes = image.bytesAt(symbol.address, symbol.size)
  const row = symbol.size / 3
  return bytes && [bytes.subarray(0, row), bytes.subarray(row, 2 * row), bytes.subarray(2 * row)]
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function mapRecord<K extends string, V>(
  record: Readonly<Record<K, V>>,
  map: (value: V, key: K) => number,
): Record<K, number> {
  const entries = Object.entries(record) as [K, V][]
  return Object.fromEntries(entries.map(([key, value]) => [key, map(value, key)])) as Record<K, number>
}
