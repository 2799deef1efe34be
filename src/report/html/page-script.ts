/** What moves on the page: search, copying, and opening what a link leads to. Without it all is there to read. */
export const pageScript = `
'use strict'
document.documentElement.classList.add('scripted')
const groups = [...document.querySelectorAll('.group')]
const search = document.getElementById('search')
const found = document.getElementById('found')
let texts
function filter() {
  const wanted = search.value.trim().toLowerCase()
  texts ??= groups.map(group => group.textContent.toLowerCase())
  let count = 0
  groups.forEach((group, at) => {
    group.hidden = wanted !== '' && !texts[at].includes(wanted)
    if (!group.hidden) count++
  })
  found.textContent = wanted === '' ? '' : count + ' of ' + groups.length + (groups.length === 1 ? ' stack' : ' stacks')
}
search.addEventListener('input', filter)
document.addEventListener('keydown', event => {
  if (event.key === '/' && event.target !== search && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    search.focus()
  } else if (event.key === 'Escape' && event.target === search) {
    search.value = ''
    filter()
  }
})
function reveal() {
  const target = location.hash === '' ? null : document.getElementById(location.hash.slice(1))
  if (target === null) return
  if (target.closest('.group')?.hidden) {
    search.value = ''
    filter()
  }
  for (let at = target.closest('details'); at; at = at.parentElement.closest('details')) at.open = true
  target.scrollIntoView({ block: 'center' })
  target.focus({ preventScroll: true })
}
addEventListener('hashchange', reveal)
document.addEventListener('click', event => {
  const link = event.target.closest('a')
  // A second click on the same link changes no hash.
  if (link) setTimeout(reveal)
  const button = event.target.closest('.copy')
  if (button) copy(button)
})
reveal()
async function copy(button) {
  const text = button.previousElementSibling.textContent
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.body.appendChild(document.createElement('textarea'))
    area.value = text
    area.select()
    document.execCommand('copy')
    area.remove()
    button.focus()
  }
  button.classList.add('copied')
  setTimeout(() => button.classList.remove('copied'), 1500)
}
// Buttons come with the stack that is opened: thousands of them would make a large page slow.
function addButtons(group) {
  if (group.querySelector('.copy')) return
  for (const place of group.querySelectorAll('.place')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.setAttribute('aria-label', 'Copy ' + place.textContent)
    place.after(button)
  }
}
document.addEventListener('toggle', event => {
  if (event.target.open && event.target.matches('.group')) addButtons(event.target)
}, true)
for (const group of groups) if (group.open) addButtons(group)
let opened = []
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open])')]
  for (const one of opened) one.open = true
})
addEventListener('afterprint', () => {
  for (const one of opened) one.open = false
})
`
