/** A list of integers that grows. */
export class IntegerList {
  #items = new Int32Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#items.length) {
      const larger = new Int32Array(2 * this.#length)
      larger.set(this.#items)
      this.#items = larger
    }
    this.#items[this.#length++] = value
  }

  /** Removes the last one; only when there is one. */
  pop(): number {
    return this.#items[--this.#length]!
  }

  values(): Int32Array {
    return this.#items.slice(0, this.#length)
  }
}
