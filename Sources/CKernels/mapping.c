#define _GNU_SOURCE
#include "CKMapping.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 4096 };

// A free slot has no start; one that is being filled has the count 0, so that no address lies in it.
typedef struct {
  _Atomic uintptr_t start;
  _Atomic size_t count;
  _Atomic int is_torn;
} slot;

static slot slots[SLOTS];
static _Atomic int used_slots;
static _Atomic int rule = CK_TORN_STOPS;
static _Atomic int listener = -1;
static size_t page_size;

int ck_watch_mapping(const void *start, size_t count) {
  if (start == NULL || count == 0) return -1;
  for (int number = 0; number < SLOTS; number++) {
    uintptr_t none = 0;
    if (!atomic_compare_exchange_strong(&slots[number].start, &none, (uintptr_t)start)) continue;
    atomic_store(&slots[number].is_torn, 0);
    atomic_store(&slots[number].count, count);
    int used = atomic_load(&used_slots);
    while (used <= number && !atomic_compare_exchange_weak(&used_slots, &used, number + 1)) {}
    return number;
  }
  return -1;
}

void ck_forget_mapping(int number) {
  if (number < 0) return;
  atomic_store(&slots[number].count, 0);
  atomic_store(&slots[number].start, 0);
}

int ck_mapping_is_torn(int number) { return number >= 0 && atomic_load(&slots[number].is_torn); }

void ck_set_torn_rule(ck_torn_rule new_rule) { atomic_store(&rule, new_rule); }

// The last page of a mapping is mapped as a whole.
static size_t whole_pages(size_t count) { return (count + page_size - 1) / page_size * page_size; }

static int number_of(uintptr_t address) {
  int used = atomic_load(&used_slots);
  for (int number = 0; number < used; number++) {
    uintptr_t start = atomic_load(&slots[number].start);
    size_t count = atomic_load(&slots[number].count);
    if (start != 0 && count != 0 && address >= start && address - start < whole_pages(count)) return number;
  }
  return -1;
}

// Nothing here but loads and stores of lock-free atomics and plain system calls.
static void caught(int signal_number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  uintptr_t address = (uintptr_t)info->si_addr;
  int number = info->si_code == BUS_ADRERR ? number_of(address) : -1;
  if (number < 0) {
    // Not ours: the instruction is tried again, and then the system does what it always does.
    signal(signal_number, SIG_DFL);
    errno = saved;
    return;
  }
  if (atomic_load(&rule) == CK_TORN_READS_ZERO) {
    // From here to the end nothing is left of the file, or what is left is not what belongs here.
    uintptr_t page = address / page_size * page_size;
    uintptr_t end = atomic_load(&slots[number].start) + whole_pages(atomic_load(&slots[number].count));
    atomic_store(&slots[number].is_torn, 1);
    void *zeros = mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros != MAP_FAILED) {
      errno = saved;
      return;
    }
  }
  // Another thread says which file it was, takes back what was begun, and ends the process.
  atomic_store(&slots[number].is_torn, 1);
  if (write(atomic_load(&listener), &number, sizeof number) == sizeof number) {
    for (;;) pause();
  }
  static const char words[] = "clew: a file became shorter while it was in use.\n";
  if (write(STDERR_FILENO, words, sizeof words - 1) < 0) {}
  _exit(1);
}

int ck_catch_torn_mappings(int descriptor) {
  page_size = (size_t)sysconf(_SC_PAGESIZE);
  atomic_store(&listener, descriptor);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = caught;
  // The handler of another thread may come while one waits, and a wait in a system call goes on afterwards.
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, NULL) == 0 ? 0 : errno;
}
