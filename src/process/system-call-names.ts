/** The numbers of the system calls that a Node process may stand in. */

/** arch/x86/entry/syscalls/syscall_64.tbl */
const x64 = table(`
  0 read, 1 write, 2 open, 3 close, 7 poll, 8 lseek, 9 mmap, 10 mprotect, 11 munmap, 16 ioctl,
  17 pread64, 18 pwrite64, 19 readv, 20 writev, 23 select, 24 sched_yield, 34 pause, 35 nanosleep,
  40 sendfile, 42 connect, 43 accept, 44 sendto, 45 recvfrom, 46 sendmsg, 47 recvmsg, 56 clone,
  57 fork, 58 vfork, 59 execve, 60 exit, 61 wait4, 72 fcntl, 73 flock, 74 fsync, 75 fdatasync,
  128 rt_sigtimedwait, 130 rt_sigsuspend, 202 futex, 219 restart_syscall, 230 clock_nanosleep,
  231 exit_group, 232 epoll_wait, 240 mq_open, 243 mq_timedreceive, 247 waitid, 257 openat,
  262 newfstatat, 263 unlinkat, 267 readlinkat, 270 pselect6, 271 ppoll, 275 splice,
  281 epoll_pwait, 288 accept4, 295 preadv, 296 pwritev, 318 getrandom, 326 copy_file_range,
  332 statx, 426 io_uring_enter, 435 clone3, 437 openat2, 441 epoll_pwait2, 449 futex_waitv,
  455 futex_wait
`)

/** include/uapi/asm-generic/unistd.h */
const arm64 = table(`
  22 epoll_pwait, 25 fcntl, 29 ioctl, 32 flock, 56 openat, 63 read, 64 write, 65 readv, 66 writev,
  67 pread64, 68 pwrite64, 71 sendfile, 72 pselect6, 73 ppoll, 82 fsync, 83 fdatasync, 93 exit,
  94 exit_group, 95 waitid, 98 futex, 101 nanosleep, 115 clock_nanosleep, 128 restart_syscall,
  133 rt_sigsuspend, 137 rt_sigtimedwait, 202 accept, 203 connect, 206 sendto, 207 recvfrom,
  211 sendmsg, 212 recvmsg, 220 clone, 242 accept4, 260 wait4, 426 io_uring_enter, 435 clone3,
  441 epoll_pwait2, 449 futex_waitv, 455 futex_wait
`)

/** Undefined for a call that the tables lack, and for architectures without a table. */
export function systemCallName(number: number, arch: string): string | undefined {
  return (arch === 'x64' ? x64 : arch === 'arm64' ? arm64 : undefined)?.get(number)
}

function table(text: string): ReadonlyMap<number, string> {
  return new Map(
    text.split(',').map(entry => {
      const [number, name] = entry.trim().split(' ')
      return [Number(number), name!] as const
    }),
  )
}
