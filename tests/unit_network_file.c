/* Saved networks: the same bits back, and every way in which a file can be wrong. */
#define _XOPEN_SOURCE 700 /* setrlimit, symlink */
#include <errno.h>
#include <float.h>
#include <marq/file.h>
#include <marq/network.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static char directory[] = "marq-network-XXXXXX", path[64], other[64];

static int enter(void **state) {
  (void)state;
  if (!mkdtemp(directory)) return -1;
  snprintf(path, sizeof path, "%s/net.json", directory);
  snprintf(other, sizeof other, "%s/other.json", directory);
  return 0;
}

static int leave(void **state) {
  (void)state;
  unlink(path);
  unlink(other);
  return rmdir(directory); /* fails when a temporary file was left behind */
}

static void cube(const double *z, size_t count, double *a, double *d1, double *d2) {
  for (size_t i = 0; i < count; i++) {
    const double x = z[i];
    a[i] = x * x * x;
    if (d1) d1[i] = 3 * x * x;
    if (d2) d2[i] = 6 * x;
  }
}
static const marq_activation own = {"cube", "z^3", cube, 1};
static const marq_activation *const rows[] = {&own};

/* 3-4-5-2 with everything that a file must carry, and numbers that are hard to write. */
static marq_network *specimen(void) {
  const marq_layer layers[] = {
      {4, marq_activation_find("tanh"), 0, 0}, {5, &own, 1, 1}, {2, marq_activation_find("leaky-relu"), 0, 0}};
  marq_network *net;
  assert_int_equal(marq_network_create(3, layers, 3, &net, NULL), MARQ_OK);
  assert_int_equal(marq_network_initialise(net, "glorot", 7, NULL), MARQ_OK);
  double *v = marq_network_values(net);
  const double hard[] = {
      0.0,  -0.0, 0x1p-1074,          -0x1.fffffffffffffp-1023, DBL_MIN, DBL_MAX, -DBL_MAX, 0.1, 1.0 / 3, 5e-324, 1, -1,
      1e22, 1e23, 9007199254740993.0, 123456789012345680.0};
  memcpy(v, hard, sizeof hard);
  marq_network_input_standard(net)[0] = (marq_standard){-0.0, 3};
  marq_network_input_standard(net)[1] = (marq_standard){1.0 / 3, 0x1p-1000};
  marq_network_output_standard(net)[1] = (marq_standard){1e22, 0.1};
  return net;
}

static const char *const inputs[] = {"x", "quo\"te \\ \n", "\xc3\xa4"}, *const targets[] = {"parameters", "z"};
static const marq_network_notes notes = {
    .inputs = inputs,
    .targets = targets,
    .seed = 4294967291UL,
    .summary = "{\"mse\": 0.1, \"parameters\": [1, 2], \"text\": \"a \\\"b\\\" [\"}"};

static void save_with(const marq_network *net, const marq_network_notes *with) {
  marq_error error = {0};
  if (marq_network_save(net, with, path, &error)) fail_msg("%s", error.text);
}

static void save(const marq_network *net) {
  save_with(net, &notes);
}

static void same_bits_come_back(void **state) {
  (void)state;
  marq_network *net = specimen(), *back;
  marq_network_notes read;
  save(net);
  marq_error error = {0};
  if (marq_network_load(path, rows, 1, &back, &read, &error)) fail_msg("%s", error.text);
  assert_int_equal(marq_network_inputs(back), 3);
  assert_int_equal(marq_network_layers(back), 3);
  for (size_t l = 0; l < 3; l++) {
    const marq_layer *a = marq_network_layer(net, l), *b = marq_network_layer(back, l);
    assert_int_equal(a->width, b->width);
    assert_ptr_equal(a->activation, b->activation);
    assert_int_equal(a->no_bias, b->no_bias);
    assert_int_equal(a->frozen, b->frozen);
  }
  assert_memory_equal(marq_network_values(net), marq_network_values(back),
                      marq_network_parameters(net) * sizeof(double));
  assert_memory_equal(marq_network_input_standard(net), marq_network_input_standard(back), 5 * sizeof(marq_standard));
  for (size_t k = 0; k < 3; k++) assert_string_equal(read.inputs[k], inputs[k]);
  for (size_t k = 0; k < 2; k++) assert_string_equal(read.targets[k], targets[k]);
  assert_int_equal(read.seed, notes.seed);
  assert_non_null(strstr(read.summary, "\"mse\":0.1"));
  /* A second generation is the same file. */
  if (marq_network_save(back, &read, other, &error)) fail_msg("%s", error.text);
  char a[8192], b[8192];
  FILE *first = fopen(path, "rb"), *second = fopen(other, "rb");
  const size_t length = fread(a, 1, sizeof a, first);
  assert_true(length < sizeof a && length == fread(b, 1, sizeof b, second));
  assert_memory_equal(a, b, length);
  fclose(first);
  fclose(second);
  marq_network_free(net);
  marq_network_free(back);
}

static void notes_may_be_left_out(void **state) {
  (void)state;
  marq_network *net = specimen(), *back;
  marq_network_notes read;
  assert_int_equal(marq_network_save(net, NULL, path, NULL), MARQ_OK);
  assert_int_equal(marq_network_load(path, rows, 1, &back, &read, NULL), MARQ_OK);
  assert_null(read.inputs[0]);
  assert_null(read.targets[1]);
  assert_null(read.summary);
  marq_network_free(back);
  assert_int_equal(marq_network_load(path, rows, 1, &back, NULL, NULL), MARQ_OK);
  marq_network_free(back);
  marq_network_free(net);
}

static void large_networks_are_streamed(void **state) {
  (void)state;
  const marq_layer layers[] = {{300, marq_activation_find("tanh"), 0, 0},
                               {300, marq_activation_find("tanh"), 0, 0},
                               {1, marq_activation_find("linear"), 0, 0}};
  marq_network *net, *back;
  assert_int_equal(marq_network_create(20, layers, 3, &net, NULL), MARQ_OK);
  assert_int_equal(marq_network_initialise(net, "glorot", 1, NULL), MARQ_OK);
  assert_int_equal(marq_network_save(net, NULL, path, NULL), MARQ_OK);
  assert_int_equal(marq_network_load(path, NULL, 0, &back, NULL, NULL), MARQ_OK);
  assert_memory_equal(marq_network_values(net), marq_network_values(back),
                      marq_network_parameters(net) * sizeof(double));
  marq_network_free(net);
  marq_network_free(back);
}

/* ---- what can be wrong with a file ---- */

static char *slurp(size_t *length) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = calloc(1, 65536);
  *length = fread(text, 1, 65535, file);
  fclose(file);
  return text;
}

static void spill(const char *text, size_t length) {
  FILE *file = fopen(other, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
}

static void expect_refusal(const char *says) {
  marq_network *back = (marq_network *)path;
  marq_network_notes read;
  marq_error error = {0};
  const marq_status status = marq_network_load(other, rows, 1, &back, &read, &error);
  if (status != MARQ_EDATA || back) fail_msg("expected '%s', got %s '%s'", says, marq_status_name(status), error.text);
  if (!strstr(error.text, says)) fail_msg("'%s' does not say '%s'", error.text, says);
  assert_null(read.inputs);
}

static void replace(const char *old, const char *new_text, const char *says) {
  size_t length;
  char *text = slurp(&length), *place = strstr(text, old);
  char *changed = malloc(length + strlen(new_text) + 1);
  if (!place) fail_msg("'%s' is not in the file", old);
  const size_t before = (size_t)(place - text), after = length - before - strlen(old);
  memcpy(changed, text, before);
  const size_t middle = strlen(new_text);
  for (size_t k = 0; k < middle; k++) changed[before + k] = new_text[k];
  memcpy(changed + before + middle, place + strlen(old), after);
  spill(changed, before + middle + after);
  expect_refusal(says);
  free(changed);
  free(text);
}

static void altered_files_are_refused(void **state) {
  (void)state;
  marq_network *net = specimen();
  save(net);
  replace("\"version\": 3", "\"version\": 4", "newer marq: version 4");
  replace("\"version\": 3", "\"version\": \"1\"", "'version' is no whole number from 1");
  replace("\"version\": 3", "\"version\": 0", "'version' is no whole number from 1");
  replace("\"version\": 3", "\"version\": 2", "altered");
  replace("\"version\": 3", "\"version\": 1", "altered");
  replace("\"format\": \"marq-network\"", "\"format\": \"marq-fit\"", "is a saved fit, not a saved network");
  replace("\"format\": \"marq-network\"", "\"format\": \"other\"", "its 'format' is 'other'");
  replace("\"format\"", "\"formal\"", "has no 'format'");
  replace("\"width\": 5", "\"width\": 4", "parameters");
  replace("\"width\": 5", "\"width\": 4000000000000", "fewer parameters");
  replace("\"width\": 5", "\"width\": 0", "layer 2 is not described");
  replace("\"cube\"", "\"cuba\"", "layer 2 has the activation 'cuba', which is not known; the nearest is 'cube'");
  replace("\"tanh\"", "\"sine\"", "altered");
  replace("\"bias\": false, \"frozen\": true", "\"bias\": false, \"frozen\": false", "altered");
  replace("\"frozen\": true", "\"frozen\": 1", "layer 2 is not described");
  replace("\"shift\": -0.0", "\"shift\": 0.0", "altered");
  replace("\"shift\": -0.0", "\"shift\": null", "no shift or scale");
  replace("9007199254740992.0,", "9007199254740994.0,", "altered");
  replace("9007199254740992.0,", "9007199254740992.0 ", "comma is missing");
  replace("9007199254740992.0,", "9007199a,", "comma is missing");
  replace("9007199254740992.0,", "nan,", "no number");
  replace("9007199254740992.0,", "1e999,", "no number");
  replace("9007199254740992.0,", "1.5.2,", "no number");
  replace("9007199254740992.0, ", "", "it holds 47 parameters, its layers need 48");
  replace("[\n    0.0, ", "[\n    1, 0.0, ", "it holds 49 parameters, its layers need 48");
  replace("\"checksum\"", "\"checksun\"", "'checksum' is missing");
  replace("\"name\": \"x\"", "\"name\": \"X\"", "altered");
  replace("\"name\": \"x\"", "\"name\": \"z\"", "altered"); /* an input called as a target */
  replace("\"name\": \"x\"", "\"name\": null", "altered");
  replace("\"name\": \"x\"", "\"name\": 1", "the name of entry 1 of 'inputs' is no text");
  replace("\"name\": \"x\"", "\"name\": \"\xc3\xa4\"", "two inputs are called '\xc3\xa4'");
  replace("\"name\": \"z\"", "\"name\": \"Z\"", "altered");
  replace("\"name\": \"z\"", "\"name\": \"parameters\"", "two targets are called 'parameters'");
  replace("\"parameter_count\": 48", "\"parameter_count\": 49", "'parameter_count' is not");
  replace("\"parameter_count\": 48", "\"parameter_count\": 48.0", "'parameter_count' is not");
  replace("\"parameter_count\"", "\"parametres_count\"", "'parameter_count' is not");
  replace("\"seed\": \"4294967291\"", "\"seed\": \"4294967290\"", "altered");
  replace("\"seed\": \"4294967291\"", "\"seed\": \"x\"", "'seed' is no whole number");
  replace("\"seed\": \"4294967291\"", "\"seed\": \"-1\"", "'seed' is no whole number");
  replace("\"seed\": \"4294967291\"", "\"seed\": \"99999999999999999999999\"", "'seed' is no whole number");
  replace("\"seed\": \"4294967291\"", "\"seed\": 1.5", "'seed' is no whole number");
  replace("\"mse\": 0.1", "\"mse\": 0.2", "altered");
  replace("\"summary\": {", "\"summery\": {", "altered");
  replace("\"summary\": {", "\"summary\": 1, \"more\": {", "'summary' is no object");
  replace("\"layers\"", "\"layer\"", "'layers' or 'inputs'");
  replace("\"parameters\": [\n    0.0", "\"parametres\": [\n    0.0", "'parameters' is missing");
  replace("\"seed\"", "\"parameters\": [1], \"seed\"", "duplicate");
  replace("\"targets\"", "\"target\"", "'targets' has 0 entries in place of 2");
  replace("{\n", "[\n", "no JSON object");
  replace("\"marq\":", "\"marq\" ", "':'");
  marq_network_free(net);
}

/* Wherever the end is lost. */
/* Versions 1 and 2 are read as long as they are what was written. */
static void older_versions_are_read(void **state) {
  (void)state;
  static const char first[] =
      "{\"format\": \"marq-network\", \"version\": 1, \"marq\": \"0.1.0\", "
      "\"inputs\": [{\"name\": \"x\", \"shift\": 0.0, \"scale\": 1.0}], "
      "\"targets\": [{\"name\": \"z\", \"shift\": 0.0, \"scale\": 1.0}], "
      "\"layers\": [{\"width\": 1, \"activation\": \"tanh\", \"bias\": true, \"frozen\": false}, "
      "{\"width\": 1, \"activation\": \"linear\", \"bias\": true, \"frozen\": false}], "
      "\"seed\": \"1\", \"summary\": {\"epochs\": 3}, \"parameter_count\": 4, "
      "\"checksum\": \"9188204b6e0c74a0\", "
      "\"parameters\": [-0.7, 0.6960587313864379, 0.22032448928803205, 0.43255736120045185]}\n";
  static const char second[] =
      "{\"format\": \"marq-network\", \"version\": 2, \"marq\": \"0.1.0\", "
      "\"inputs\": [{\"name\": \"x\", \"shift\": 0.0, \"scale\": 1.0}], "
      "\"targets\": [{\"name\": \"k\", \"shift\": 0.0, \"scale\": 1.0}], "
      "\"layers\": [{\"width\": 1, \"activation\": \"linear\", \"bias\": true, \"frozen\": false}], "
      "\"loss\": {\"name\": \"binary-cross-entropy\", \"scale\": 0.0, \"label\": \"k\", "
      "\"classes\": [\"a\", \"b\"]}, \"seed\": \"1\", \"parameter_count\": 2, "
      "\"checksum\": \"fb868f87a3f38e30\", \"parameters\": [1.1222617849386916, -2.8053146823505672]}\n";
  const char *const files[] = {first, second};
  for (size_t k = 0; k < 2; k++) {
    marq_network *back;
    marq_network_notes read;
    marq_error error = {0};
    spill(files[k], strlen(files[k]));
    if (marq_network_load(other, NULL, 0, &back, &read, &error)) fail_msg("%s", error.text);
    assert_string_equal(read.inputs[0], "x");
    assert_int_equal(read.seed, 1);
    marq_network_free(back);
  }
}

static void a_loss_comes_back_with_its_classes(void **state) {
  (void)state;
  static const char *const classes[] = {"no \"way\"", "\xc3\xa4"};
  marq_network *net = specimen(), *back;
  marq_network_notes with = notes, read;
  with.loss = "softmax-cross-entropy";
  with.scale = 0.1;
  with.label = "kind";
  with.classes = classes;
  with.class_count = 2;
  save_with(net, &with);
  assert_int_equal(marq_network_load(path, rows, 1, &back, &read, NULL), MARQ_OK);
  assert_string_equal(read.loss, with.loss);
  assert_string_equal(read.label, "kind");
  assert_close(read.scale, 0.1, 0, 0);
  assert_int_equal(read.class_count, 2);
  for (size_t k = 0; k < 2; k++) assert_string_equal(read.classes[k], classes[k]);
  marq_network_free(back);
  replace("\"kind\"", "\"king\"", "altered");
  replace("\"no \\\"way", "\"on \\\"way", "altered");
  replace("\"softmax-cross", "\"softmix-cross", "altered");
  replace("\"scale\": 0.1, \"label", "\"scale\": 0.2, \"label", "altered");
  replace("\"loss\": {\"name\"", "\"lost\": {\"name\"", "altered");
  replace("\"loss\": {\"name\"", "\"loss\": {\"nome\"", "'loss' has no name");
  replace("\"label\": \"kind\"", "\"label\": 1", "label of 'loss' is no text");
  replace("\"no \\\"way\\\"\"", "7", "a class of 'loss' is no text");
  with.class_count = 0;
  with.label = NULL;
  save_with(net, &with);
  assert_int_equal(marq_network_load(path, rows, 1, &back, &read, NULL), MARQ_OK);
  assert_null(read.label);
  assert_null(read.classes);
  marq_network_free(back);
  with.scale = NAN;
  assert_int_equal(marq_network_save(net, &with, other, NULL), MARQ_EINVAL);
  marq_network_free(net);
}

static void truncated_files_are_refused(void **state) {
  (void)state;
  size_t length;
  marq_network *net = specimen();
  save(net);
  char *text = slurp(&length);
  for (size_t k = 1; k + 1 < length; k += k + 60 < length && k > 60 ? 5 : 1) {
    spill(text, k);
    expect_refusal("cut short");
  }
  spill(text, 0);
  expect_refusal("empty");
  text[length] = '{';
  text[length + 1] = '}';
  spill(text, length + 2);
  expect_refusal("end of file");
  spill(text, length - 1); /* only the last line end is gone */
  marq_network *back;
  assert_int_equal(marq_network_load(other, rows, 1, &back, NULL, NULL), MARQ_OK);
  marq_network_free(back);
  marq_network_free(net);
  free(text);
}

/* A flipped bit is noticed, or changes nothing that a prediction depends on. */
static void flipped_bits_are_noticed(void **state) {
  (void)state;
  size_t length, refused = 0;
  marq_network *net = specimen();
  assert_int_equal(marq_network_save(net, NULL, path, NULL), MARQ_OK);
  char *text = slurp(&length);
  for (size_t k = 0; k < length; k += 3) {
    marq_network *back = NULL;
    text[k] = (char)(text[k] ^ (1 << (k % 7)));
    spill(text, length);
    if (marq_network_load(other, rows, 1, &back, NULL, NULL) == MARQ_OK) {
      assert_int_equal(marq_network_parameters(back), marq_network_parameters(net));
      assert_memory_equal(marq_network_values(net), marq_network_values(back),
                          marq_network_parameters(net) * sizeof(double));
      assert_memory_equal(marq_network_input_standard(net), marq_network_input_standard(back),
                          5 * sizeof(marq_standard));
    } else {
      refused++;
    }
    marq_network_free(back);
    text[k] = (char)(text[k] ^ (1 << (k % 7)));
  }
  assert_true(refused > length / 6);
  marq_network_free(net);
  free(text);
}

/* A file that another program has put in another order and other blanks. */
static void order_and_blanks_do_not_matter(void **state) {
  (void)state;
  marq_network *net = specimen(), *back;
  assert_int_equal(marq_network_save(net, NULL, path, NULL), MARQ_OK);
  size_t length;
  char *text = slurp(&length), *numbers = strstr(text, "  \"parameters\": ["), *changed = malloc(2 * length);
  assert_non_null(numbers);
  const size_t head = (size_t)(numbers - text) - 2; /* without the comma */
  char *end = strrchr(numbers, ']');
  const int size =
      sprintf(changed, "\r\n\t{%.*s ] ,%.*s}\n\n", (int)(end - numbers), numbers, (int)(head - 1), text + 1);
  spill(changed, (size_t)size);
  marq_error error = {0};
  if (marq_network_load(other, rows, 1, &back, NULL, &error)) fail_msg("%s", error.text);
  assert_memory_equal(marq_network_values(net), marq_network_values(back),
                      marq_network_parameters(net) * sizeof(double));
  marq_network_free(net);
  marq_network_free(back);
  free(text);
  free(changed);
}

static void unreadable_files(void **state) {
  (void)state;
  marq_network *back;
  marq_error error = {0};
  assert_int_equal(marq_network_load("no/such/file", NULL, 0, &back, NULL, &error), MARQ_EIO);
  assert_non_null(strstr(error.text, strerror(ENOENT)));
  assert_int_equal(marq_network_load(directory, NULL, 0, &back, NULL, &error), MARQ_EIO);
  assert_null(back);
}

/* ---- writing ---- */

static void what_cannot_be_saved_is_refused(void **state) {
  (void)state;
  marq_network *net = specimen();
  marq_error error = {0};
  save(net);
  size_t before, after;
  char *old = slurp(&before);
  static const char *const twice[] = {"x", "y", "x"};
  const marq_network_notes same = {.inputs = twice};
  assert_int_equal(marq_network_save(net, &same, path, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "two inputs are called 'x'"));
  marq_network_values(net)[3] = NAN;
  assert_int_equal(marq_network_save(net, &notes, path, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "parameter 3"));
  marq_network_values(net)[3] = 1;
  marq_network_output_standard(net)[0].scale = INFINITY;
  assert_int_equal(marq_network_save(net, &notes, path, &error), MARQ_EINVAL);
  marq_network_output_standard(net)[0].scale = 1;
  const char *const bad[] = {"x", "\xff\xfe", "y"};
  assert_int_equal(marq_network_save(net, &(marq_network_notes){.inputs = bad}, path, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "UTF-8"));
  assert_int_equal(marq_network_save(net, &(marq_network_notes){.summary = "[1]"}, path, &error), MARQ_EINVAL);
  assert_int_equal(marq_network_save(net, &(marq_network_notes){.summary = "{1"}, path, &error), MARQ_EINVAL);
  char *now = slurp(&after);
  assert_int_equal(before, after);
  assert_memory_equal(old, now, before);
  free(old);
  free(now);
  marq_network_free(net);
}

static void a_full_disk_leaves_the_old_file(void **state) {
  (void)state;
  marq_network *net = specimen(), *back;
  marq_error error = {0};
  assert_int_equal(marq_network_save(net, NULL, "/dev/full", &error), MARQ_EIO);
  assert_non_null(strstr(error.text, strerror(ENOSPC)));
  assert_int_equal(marq_network_save(net, NULL, "no/such/place", &error), MARQ_EIO);
  save(net);
  size_t before, after;
  char *old = slurp(&before);
  struct rlimit limit, small;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, SIG_IGN);
  for (rlim_t size = 0; size < before; size += 397) {
    small = (struct rlimit){size, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const marq_status status = marq_network_save(net, &notes, path, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, MARQ_EIO);
  }
  char *now = slurp(&after);
  assert_int_equal(before, after);
  assert_memory_equal(old, now, before);
  assert_int_equal(marq_network_load(path, rows, 1, &back, NULL, NULL), MARQ_OK);
  marq_network_free(back);
  marq_network_free(net);
  free(old);
  free(now);
}

static void links_and_permissions_stay(void **state) {
  (void)state;
  marq_network *net = specimen();
  struct stat info;
  save(net);
  unlink(other);
  assert_int_equal(chmod(path, 0640), 0);
  assert_int_equal(symlink("net.json", other), 0);
  assert_int_equal(marq_network_save(net, NULL, other, NULL), MARQ_OK);
  assert_int_equal(lstat(other, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  unlink(other);
  /* A file that is thrown away was never there. */
  marq_file *file;
  assert_int_equal(marq_file_create(other, &file, NULL), MARQ_OK);
  fputs("text", marq_file_stream(file));
  marq_file_discard(file);
  assert_int_equal(access(other, F_OK), -1);
  marq_network_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits_come_back),
                                     cmocka_unit_test(notes_may_be_left_out),
                                     cmocka_unit_test(large_networks_are_streamed),
                                     cmocka_unit_test(altered_files_are_refused),
                                     cmocka_unit_test(older_versions_are_read),
                                     cmocka_unit_test(a_loss_comes_back_with_its_classes),
                                     cmocka_unit_test(truncated_files_are_refused),
                                     cmocka_unit_test(flipped_bits_are_noticed),
                                     cmocka_unit_test(order_and_blanks_do_not_matter),
                                     cmocka_unit_test(unreadable_files),
                                     cmocka_unit_test(what_cannot_be_saved_is_refused),
                                     cmocka_unit_test(a_full_disk_leaves_the_old_file),
                                     cmocka_unit_test(links_and_permissions_stay)};
  return cmocka_run_group_tests_name("network_file", tests, enter, leave);
}
