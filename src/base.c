/* Status codes, stop reasons and error sentences: strings both ways, from the lists in marq/base.h. */
#include <marq/base.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct entry {
  int value;
  const char *name, *text;
} entry;

static const entry statuses[] = {
#define MARQ_X(name, value, text) {value, #name, text},
    MARQ_STATUS_LIST(MARQ_X)
#undef MARQ_X
};

static const struct {
  entry base;
  int converged;
} stops[] = {
#define MARQ_X(name, key, converged, text) {{name, key, text}, converged},
    MARQ_STOP_LIST(MARQ_X)
#undef MARQ_X
};

enum { status_count = sizeof statuses / sizeof *statuses, stop_count = sizeof stops / sizeof *stops };

static const entry *find_status(marq_status status) {
  for (size_t i = 0; i < status_count; i++)
    if (statuses[i].value == (int)status) return &statuses[i];
  return NULL;
}

const char *marq_status_text(marq_status status) {
  const entry *e = find_status(status);
  return e ? e->text : "unknown status";
}

const char *marq_status_name(marq_status status) {
  const entry *e = find_status(status);
  return e ? e->name : "unknown";
}

marq_status marq_status_from_name(const char *name, marq_status *status) {
  for (size_t i = 0; i < status_count; i++)
    if (name && !strcmp(statuses[i].name, name)) {
      *status = (marq_status)statuses[i].value;
      return MARQ_OK;
    }
  return MARQ_EINVAL;
}

const char *marq_stop_name(marq_stop stop) {
  return (size_t)stop < stop_count ? stops[stop].base.name : "unknown";
}

const char *marq_stop_text(marq_stop stop) {
  return (size_t)stop < stop_count ? stops[stop].base.text : "unknown reason";
}

marq_status marq_stop_from_name(const char *name, marq_stop *stop) {
  for (size_t i = 0; i < stop_count; i++)
    if (name && !strcmp(stops[i].base.name, name)) {
      *stop = (marq_stop)stops[i].base.value;
      return MARQ_OK;
    }
  return MARQ_EINVAL;
}

int marq_stop_converged(marq_stop stop) {
  return (size_t)stop < stop_count && stops[stop].converged;
}

const char *marq_version(void) {
  return MARQ_VERSION;
}

marq_status marq_fail(marq_error *error, marq_status status, const char *format, ...) {
  if (error) {
    va_list args;
    va_start(args, format);
    memset(error, 0, sizeof *error);
    error->status = status;
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
  }
  return status;
}
