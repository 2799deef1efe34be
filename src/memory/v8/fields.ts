/**
 * Where the objects that matter here keep what, in words: from the executable's constants as far as it has them, else as measured on V8 10.2, 11.3,
 * 12.4, 13.6 and 14.6. What is measured is checked by the types of what stands there (see `graph.ts`).
 */
import type { Layout } from './layout.ts'

export type Fields = ReturnType<typeof fieldsOf>

export function fieldsOf({ version, constants, field }: Layout) {
  const told = (prefix: string, otherwise: number): number => {
    for (const [name, offset] of constants) if (name.startsWith(prefix)) return offset / 8
    return otherwise
  }
  const since12 = version >= 1204
  return {
    map: {
      /** Bytes. */
      instanceSize: 8,
      inObjectStart: 9,
      instanceType: field.instanceType,
      elementsKind: 15,
      bits: 16,
      prototype: told('class_Map__prototype__', 3),
      constructor: told('class_Map__constructor_or_back_pointer__', 4),
      descriptors: told('class_Map__instance_descriptors__', 5),
      ownDescriptorsShift: constants.get('bit_field3_number_of_own_descriptors_shift') ?? 10,
      isDictionaryShift: constants.get('bit_field3_is_dictionary_map_shift') ?? 21,
    },
    descriptors: {
      header: told('class_DescriptorArray__header_size__', 3),
      key: constants.get('prop_desc_key') ?? 0,
      details: constants.get('prop_desc_details') ?? 1,
      value: constants.get('prop_desc_value') ?? 2,
      kindMask: constants.get('prop_kind_mask') ?? 1,
      locationMask: constants.get('prop_location_mask') ?? 32,
      indexMask: constants.get('prop_index_mask') ?? 536346624,
      indexShift: constants.get('prop_index_shift') ?? 19,
    },
    /** Elements of a dictionary before its entries, and in an entry. */
    nameDictionary: {
      prefix:
        (constants.get('namedictionary_prefix_start_index') ?? 3) +
        (constants.get('namedictionaryshape_prefix_size') ?? 2),
      entry: constants.get('namedictionaryshape_entry_size') ?? 3,
    },
    numberDictionary: { prefix: 3 + (constants.get('numberdictionaryshape_prefix_size') ?? 1), entry: 3 },
    globalDictionary: { entry: constants.get('globaldictionaryshape_entry_size') ?? 1 },
    object: {
      properties: told('class_JSReceiver__raw_properties_or_hash__', 1),
      elements: told('class_JSObject__elements__', 2),
      header: 3,
    },
    array: { length: 3 },
    collection: { table: 3 },
    function: {
      shared: field.functionShared / 8,
      context: told('class_JSFunction__context__', since12 ? 5 : 4),
    },
    bound: { target: 3, this: 4, arguments: 5 },
    generator: {
      function: 3,
      context: 4,
      receiver: 5,
      position: 6,
      continuation: 8,
      registers: 9,
      /** An async function's promise; an async generator's queue. */
      promise: 10,
      isAwaiting: 11,
    },
    promise: { reactions: 3, flags: 4 },
    reaction: since12
      ? { asyncContext: 1, next: 2, reject: 3, fulfil: 4, derived: 5 }
      : { asyncContext: 5, next: 1, reject: 2, fulfil: 3, derived: 4 },
    capability: { promise: 1, resolve: 2, reject: 3 },
    request: { next: 1, value: 3, promise: 4 },
    context: { length: 1, scopeInfo: 2, previous: 3, first: 4 },
    cell: { value: 1 },
    propertyCell: { name: 1, value: 3 },
    module: { exports: 1 },
    accessorPair: { getter: 1, setter: 2 },
    proxy: { target: 2, handler: 3 },
    shared: { flags: told('class_SharedFunctionInfo__flags__', since12 ? 6 : 6) },
    symbol: { name: told('class_Symbol__name__', 2) },
    heapNumber: told('class_HeapNumber__value__', 1),
    oddballKind: told('class_Oddball__kind', 5),
    script: { id: 8 },
    /** Which words of a function's description may hold the number of a builtin, or what it was compiled to. */
    sharedData: since12 && version >= 1300 ? [1, 2] : [1],
    /** Bytes: u32. */
    bytecodeFrameSize: since12 ? 48 : 40,
  }
}
