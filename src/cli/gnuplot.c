/* gnuplot as a child process; see gnuplot.h. */
#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

extern char **environ;

static int spawn(gnuplot *g, int read_end) {
  char *arguments[] = {"gnuplot", "-", NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawn_file_actions_adddup2(&actions, read_end, STDIN_FILENO);
  if (!error) error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  /* what it says is read when it has ended: see gnuplot_finish */
  if (!error && g->said) {
    error = posix_spawn_file_actions_adddup2(&actions, fileno(g->said), STDERR_FILENO);
  } else if (!error) {
    error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (!error) error = posix_spawnp(&g->process, "gnuplot", &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

static void forget(gnuplot *g) {
  if (g->said) fclose(g->said);
  g->said = NULL;
}

/* Of "<script line>\n<caret>\n   line 12: x range is invalid" the last part; warnings are none. "" where there is none.
 */
static void find_reason(gnuplot *g, char *reason, size_t size) {
  char line[400];
  reason[0] = '\0';
  if (!g->said) return;
  rewind(g->said);
  while (fgets(line, sizeof line, g->said)) {
    size_t number = 0;
    int start = 0;
    line[strcspn(line, "\r\n")] = '\0';
    if (sscanf(line, " line %zu: %n", &number, &start) == 1 && start && strncasecmp(line + start, "warning", 7) != 0) {
      snprintf(reason, size, ": %s", line + start);
    }
  }
}

int gnuplot_start(gnuplot *g) {
  int ends[2];
  if (pipe(ends) != 0) return message_fail(exit_system, "--plot: no pipe to gnuplot: %s", strerror(errno));
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  /* a gnuplot that dies early is reported by its exit status */
  signal(SIGPIPE, SIG_IGN);
  g->said = tmpfile();
  const int error = spawn(g, ends[0]);
  close(ends[0]);
  if (error) {
    close(ends[1]);
    forget(g);
    if (error == ENOENT) {
      return message_fail(exit_system, "--plot needs gnuplot, which is not installed (Debian: gnuplot-nox)");
    }
    return message_fail(exit_system, "--plot: cannot start gnuplot: %s", strerror(error));
  }
  g->script = fdopen(ends[1], "w");
  if (!g->script) {
    close(ends[1]);
    waitpid(g->process, NULL, 0);
    forget(g);
    return message_out_of_memory();
  }
  return exit_done;
}

int gnuplot_finish(gnuplot *g) {
  int status;
  const int incomplete = fclose(g->script) != 0;
  while (waitpid(g->process, &status, 0) < 0) {
    if (errno == EINTR) continue;
    forget(g);
    return message_fail(exit_system, "--plot: lost gnuplot: %s", strerror(errno));
  }
  char reason[160];
  find_reason(g, reason, sizeof reason);
  forget(g);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return message_fail(exit_system, "--plot needs gnuplot, which is not installed (Debian: gnuplot-nox)");
  }
  if (!incomplete && WIFEXITED(status) && WEXITSTATUS(status) == 0) return exit_done;
  return message_fail(exit_system, "--plot: gnuplot failed, so nothing was drawn%s", reason);
}

void gnuplot_text(FILE *script, const char *text, size_t most) {
  fputc('\'', script);
  size_t used = 0;
  for (; *text && (used < most || ((unsigned char)*text & 0xC0) == 0x80); text++, used++) {
    if (*text == '\'') fputc('\'', script);
    fputc((unsigned char)*text < ' ' ? ' ' : *text, script);
  }
  fputs(*text ? "...'" : "'", script);
}
