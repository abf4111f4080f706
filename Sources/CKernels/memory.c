#include "CKernels.h"

#include <pthread.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void ck_give_back(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

static void *wait_for_lock(void *lock) {
  pthread_mutex_lock(lock);
  pthread_mutex_unlock(lock);
  return NULL;
}

int ck_try_threads(int count) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_t threads[64];
  int started = 0, failure = 0;
  pthread_mutex_lock(&lock);
  while (started < count && started < 64 && failure == 0) {
    failure = pthread_create(&threads[started], NULL, wait_for_lock, &lock);
    if (failure == 0) started++;
  }
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  return failure;
}
