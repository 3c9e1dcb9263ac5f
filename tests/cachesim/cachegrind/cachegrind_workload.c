// A program of two "layers" whose counts can be told by hand: no libc, fixed addresses, tensors
// and stack in .bss, as the executables that Wattgrind generates. Built at -O1 without
// vectorisation; arrays are volatile, so that every access of the source is one of the machine.
#define LINES 4096
#define LINE_INTS 16

__attribute__((aligned(4096))) volatile int input[LINES * LINE_INTS];
__attribute__((aligned(4096))) volatile int output[LINES];
// Valgrind reads the symbols of an executable only if it has a segment with .data and .bss.
volatile int status = 1;

// Reads the first int of every line (256 KiB of lines) and writes as many ints (16 KiB).
__attribute__((noinline)) void layer_strided(void) {
  for (int i = 0; i < LINES; ++i) output[i] = input[i * LINE_INTS];
}

// Reads 16 KiB.
__attribute__((noinline)) void layer_dense(void) {
  for (int i = 0; i < LINES; ++i) (void)output[i];
}

__attribute__((used, aligned(16))) char stack[4096];

__attribute__((used, noinline, noreturn)) void run(void) {
  layer_strided();
  layer_dense();
  __asm__ volatile("syscall" ::"a"(60), "D"(status - 1) : "memory");
  __builtin_unreachable();
}

__asm__(
    ".globl _start\n.type _start,@function\n_start:\n  leaq stack+4096(%rip), %rsp\n  call run\n"
    ".size _start,.-_start\n");
