// Mapped files that become shorter while they are read.
//
// A page of a mapping that lies beyond the end of its file cannot be read: the system sends SIGBUS, which ends the
// process without a word. Here such a page is found among the mappings that are watched.
#ifndef CKMAPPING_H
#define CKMAPPING_H

#include <stddef.h>

// What happens when a page is missing.
typedef enum {
  // The thread waits, and the number of the mapping is written to the descriptor, whose reader ends the process.
  CK_TORN_STOPS = 0,
  // Zeros stand for what is missing, and the mapping counts as torn.
  CK_TORN_READS_ZERO = 1
} ck_torn_rule;

// Watches a mapping; returns its number, or -1 if as many are watched as can be.
int ck_watch_mapping(const void *start, size_t count);
// Watches a mapping no longer; comes before it is unmapped.
void ck_forget_mapping(int number);
// Whether pages of a mapping have been found missing.
int ck_mapping_is_torn(int number);
// Catches the signal from now on; returns 0, or an error's number.
int ck_catch_torn_mappings(int descriptor);
void ck_set_torn_rule(ck_torn_rule rule);

#endif
