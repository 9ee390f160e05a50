/* One block of memory for one object; see arena.h. */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum { alignment = 64 };

void *marq_arena_give(marq_arena *arena, size_t count, size_t size) {
  if (size && count > (SIZE_MAX / 2 - arena->used) / size) {
    arena->overflowed = 1;
    return NULL;
  }
  void *p = arena->base ? arena->base + arena->used : NULL;
  arena->used += (count * size + alignment - 1) / alignment * alignment;
  return p;
}

marq_status marq_arena_take(marq_arena *arena) {
  if (arena->overflowed) return MARQ_ESIZE;
  arena->memory = calloc(arena->used + alignment, 1);
  if (!arena->memory) return MARQ_ENOMEM;
  const size_t past = (size_t)((uintptr_t)arena->memory % alignment);
  arena->base = (char *)arena->memory + (past ? alignment - past : 0);
  arena->used = 0;
  return MARQ_OK;
}

void marq_arena_free(marq_arena *arena) {
  free(arena->memory);
  memset(arena, 0, sizeof *arena);
}
