/* Lists of solvers with their options: "lm,adam:learning-rate=0.01,batch=250". */
#include <marq/compare.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

typedef struct list {
  marq_contestant *items;
  size_t count;
} list;

static int known_solver(const char *name) {
  const char *known;
  for (size_t i = 0; (known = marq_solver_name(i, NULL)) != NULL; i++)
    if (!strcmp(known, name)) return 1;
  return !strcmp(name, "auto");
}

static marq_status unknown(const char *name, const marq_peer *const *peers, size_t peer_count, marq_error *error) {
  marq_nearest search = marq_nearest_begin(name);
  const char *known;
  for (size_t i = 0; (known = marq_solver_name(i, NULL)) != NULL; i++) marq_nearest_offer(&search, known);
  for (size_t i = 0; i < peer_count; i++) marq_nearest_offer(&search, peers[i]->name);
  if (search.distance <= 2)
    return marq_fail(error, MARQ_EINVAL, "there is no solver '%s'; did you mean '%s'?", name, search.best);
  return marq_fail(error, MARQ_EINVAL, "there is no solver '%s'", name);
}

static marq_status begin(list *l, const char *name, const marq_options *base, const marq_peer *const *peers,
                         size_t peer_count, marq_error *error) {
  marq_contestant *grown = realloc(l->items, (l->count + 1) * sizeof *grown);
  if (!grown) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  l->items = grown;
  marq_contestant *c = &grown[l->count++];
  memset(c, 0, sizeof *c);
  c->options = *base;
  snprintf(c->label, sizeof c->label, "%s", name);
  for (size_t i = 0; i < peer_count; i++)
    if (!strcmp(peers[i]->name, name)) c->peer = peers[i];
  if (c->peer) return MARQ_OK;
  if (!known_solver(name)) return unknown(name, peers, peer_count, error);
  return marq_options_set(&c->options, "solver", name, error);
}

static int is_same(const char *a, const char *b) {
  for (; *a && *b; a++, b++)
    if (*a != *b && !(*a == '_' && *b == '-')) return 0;
  return *a == *b;
}

static marq_status option(list *l, char *text, marq_error *error) {
  marq_contestant *c = l->count ? &l->items[l->count - 1] : NULL;
  marq_error why = {0};
  char *equal = strchr(text, '=');
  if (!equal || !c) return marq_fail(error, MARQ_EINVAL, "'%s' is no option such as batch=250 of a solver", text);
  if (c->peer) return marq_fail(error, MARQ_EINVAL, "%s takes no options here, not '%s'", c->peer->name, text);
  const size_t used = strlen(c->label);
  if (used + strlen(text) + 2 > sizeof c->label)
    return marq_fail(error, MARQ_EINVAL, "the options of %s are too long", c->label);
  snprintf(c->label + used, sizeof c->label - used, "%s%s", strchr(c->label, ':') ? "," : ":", text);
  *equal = '\0';
  marq_option_info info;
  for (size_t i = 0; marq_option_at(i, &info); i++)
    if (is_same(info.name, text) && strcmp(text, "solver") != 0 && !marq_solver_reads(c->options.solver, text))
      return marq_fail(error, MARQ_EINVAL, "solver %s does not use %s", c->options.solver, text);
  const marq_status status = strcmp(text, "solver") ? marq_options_set(&c->options, text, equal + 1, &why)
                                                    : marq_fail(&why, MARQ_EINVAL, "the solver is named already");
  return status == MARQ_OK ? MARQ_OK : marq_fail(error, status, "%s: %s: %s", c->options.solver, text, why.text);
}

static marq_status all_different(const list *l, marq_error *error) {
  for (size_t i = 0; i < l->count; i++)
    for (size_t k = 0; k < i; k++)
      if (!strcmp(l->items[i].label, l->items[k].label))
        return marq_fail(error, MARQ_EINVAL, "%s is named twice", l->items[i].label);
  return l->count ? MARQ_OK : marq_fail(error, MARQ_EINVAL, "no solver is named");
}

marq_status marq_contestants_parse(const char *text, const marq_options *base, const marq_peer *const *peers,
                                   size_t peer_count, marq_contestant **contestants, size_t *count, marq_error *error) {
  marq_options defaults = marq_options_default();
  list l = {NULL, 0};
  marq_status status = MARQ_OK;
  defaults.max_iterations = MARQ_NO_LIMIT;
  *contestants = NULL;
  *count = 0;
  char *copy = malloc(strlen(text) + 1);
  if (!copy) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  strcpy(copy, text);
  for (char *part = copy, *next; part && status == MARQ_OK; part = next) {
    next = strchr(part, ',');
    if (next) *next++ = '\0';
    char *colon = strchr(part, ':'), *equal = strchr(part, '=');
    if (!*part) {
      status = marq_fail(error, MARQ_EINVAL, "a name is missing in the list of solvers");
    } else if (equal && !(colon && colon < equal)) {
      status = option(&l, part, error);
    } else {
      if (colon) *colon = '\0';
      status = begin(&l, part, base ? base : &defaults, peers, peer_count, error);
      if (status == MARQ_OK && colon) status = option(&l, colon + 1, error);
    }
  }
  if (status == MARQ_OK) status = all_different(&l, error);
  free(copy);
  if (status != MARQ_OK) {
    free(l.items);
    return status;
  }
  *contestants = l.items;
  *count = l.count;
  return MARQ_OK;
}
