/* A plot of a training, layer by layer: norms of the gradient, and the share of dead rectifiers where there are any. */
#include <math.h>

#include "plot_page.h"
#include "train.h"

enum { colour_count = 7 };

static const char *const colours[colour_count] = {"#2b4c7e", "#d1495b", "#2e8b57", "#c77d20",
                                                  "#8a5ea8", "#2b8cbe", "#606060"};

static void put_epochs(const training *t, FILE *script) {
  const size_t layers = marq_network_layers(t->network);
  fputs("$layers << END_OF_DATA\n", script);
  for (size_t i = 0; i < t->epoch_count; i++) {
    if (t->epochs[i].run != t->result.run) continue;
    fprintf(script, "%zu", t->epochs[i].epoch);
    for (size_t l = 0; l < layers; l++) {
      const train_layer_state *s = &t->layer_states[i * layers + l];
      plot_number(script, s->gradient > 0 ? s->gradient : NAN);
      plot_number(script, 100 * s->dead);
    }
    fputc('\n', script);
  }
  fputs("END_OF_DATA\n", script);
}

static int has_rectifiers(const training *t, size_t l) {
  return marq_network_layer(t->network, l)->activation == marq_activation_find("relu");
}

/* Columns of a layer: 2 + 2l its gradient, 3 + 2l its dead rectifiers. */
static void put_lines(const training *t, FILE *script, int dead) {
  int drawn = 0;
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    if (dead ? !has_rectifiers(t, l) : marq_network_layer(t->network, l)->frozen) continue;
    fprintf(script, "%s$layers using 1:%zu with lines lw 1.6 lc rgb '%s' title 'layer %zu'", drawn++ ? ", " : "plot ",
            2 + 2 * l + (size_t)dead, colours[l % colour_count], l + 1);
  }
  fputc('\n', script);
}

static int draw(void *context, FILE *script) {
  const training *t = context;
  int rectifiers = 0;
  for (size_t l = 0; l < marq_network_layers(t->network); l++) rectifiers |= has_rectifiers(t, l);
  put_epochs(t, script);
  fprintf(script,
          "set multiplot layout 1,%d\nset xlabel 'epoch'\nset ylabel 'norm of the gradient of the mean cost'\n"
          "set logscale y\nset format y '%%.0e'\n",
          1 + rectifiers);
  put_lines(t, script, 0);
  if (rectifiers) {
    fputs("unset logscale y\nset format y '%g'\nset yrange [0:100]\nset ylabel 'dead rectifiers, %'\n", script);
    put_lines(t, script, 1);
  }
  fputs("unset multiplot\n", script);
  return 0;
}

int train_plot_gradients(const training *t, const char *path) {
  return plot_page(path, 1000, 480, draw, (training *)(size_t)t);
}
