/** Makes a graph's image of a copy of the heap: what is in it is garbage until the checks say otherwise. */
import type { Memory } from '../../memory/memory.ts'
import type { Unknown } from '../../snapshot/model.ts'
import type { Arena } from './arena.ts'
import type { Executable } from './executable.ts'
import { HeapImage } from './heap-image.ts'
import { markLive } from './liveness.ts'
import type { Roots } from './roots.ts'
import { misfit } from './self-check.ts'
import { Shapes } from './shapes.ts'
import { walk } from './walk.ts'

/** Why it cannot be read is a sentence's end. `pause` is awaited between the steps. */
export async function decodeHeap(
  arena: Arena,
  roots: Roots,
  { layout, builtins }: Executable,
  outside: Memory,
  pause: () => Promise<void>,
): Promise<HeapImage | Unknown> {
  const selves = arena.translate()
  await pause()
  const walked = walk(arena, selves, layout, new Shapes(layout))
  if (walked === undefined)
    return { unknown: 'no objects were found in its heap: its V8 lays it out in another way than is known' }
  await pause()
  const image = new HeapImage({ arena, walk: walked, roots, layout, builtins, outside })
  const wrong = misfit(image.objects, image.functions, walked, layout)
  if (wrong !== undefined)
    return { unknown: `its V8 keeps its objects in another way than is known (${wrong})` }
  markLive(image.objects, image.promises, walked, image.rootObjects())
  return image
}
