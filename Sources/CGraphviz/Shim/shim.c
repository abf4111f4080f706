#define _GNU_SOURCE
#include "GraphvizShim.h"

#include <dlfcn.h>
#include <graphviz/gvc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Messages

static char messages[8192];
static size_t message_length;

/// Graphviz hands over one message in several pieces.
static int collect(char *piece) {
  size_t length = strlen(piece);
  size_t room = sizeof messages - 1 - message_length;
  if (length > room) length = room;
  memcpy(messages + message_length, piece, length);
  message_length += length;
  messages[message_length] = 0;
  return 0;
}

const char *gvs_messages(void) { return messages; }

void gvs_clear_messages(void) {
  message_length = 0;
  messages[0] = 0;
  agreseterrors();
}

// MARK: The context

static GVC_t *context;
static gvs_context context_kind = gvs_context_none;

/// Opens one plugin library in `folder`, under whichever version the installation has.
static gvplugin_library_t *load_plugin(const char *folder, const char *name) {
  static const char *const endings[] = {"so.6", "so.7", "so.8", "so"};
  char path[4096], symbol[128];
  snprintf(symbol, sizeof symbol, "gvplugin_%s_LTX_library", name);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    snprintf(path, sizeof path, "%s/graphviz/libgvplugin_%s.%s", folder, name, endings[i]);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    gvplugin_library_t *plugin = dlsym(library, symbol);
    if (plugin) return plugin;
    dlclose(library);
  }
  return NULL;
}

/// A context with the plugins that figures need, all from one folder; NULL if one of them is not there.
static GVC_t *lean_context(const char *folder) {
  static const char *const names[] = {"core", "dot_layout", "neato_layout"};
  static const lt_symlist_t none[] = {{0, 0}};
  gvplugin_library_t *plugins[3];
  for (size_t i = 0; i < 3; i++) {
    plugins[i] = load_plugin(folder, names[i]);
    if (!plugins[i]) return NULL;
  }
  GVC_t *made = gvContextPlugins(none, 0);
  for (size_t i = 0; made && i < 3; i++) gvAddLibrary(made, plugins[i]);
  return made;
}

/// The folder that the running libgvc was loaded from, where its plugin folder is too.
static int library_folder(char *folder, size_t size) {
  void *function = dlsym(RTLD_DEFAULT, "gvContext");
  Dl_info info;
  if (!function || !dladdr(function, &info) || !info.dli_fname) return 0;
  snprintf(folder, size, "%s", info.dli_fname);
  char *slash = strrchr(folder, '/');
  if (!slash) return 0;
  *slash = 0;
  return 1;
}

gvs_context gvs_start(void) {
  static const char *const usual[] = {
      "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
      "/usr/local/lib",            "/opt/homebrew/lib",
  };
  if (context) return context_kind;
  agseterr(AGWARN);
  agseterrf(collect);
  char folder[4096];
  if (library_folder(folder, sizeof folder)) context = lean_context(folder);
  for (size_t i = 0; !context && i < sizeof usual / sizeof *usual; i++) context = lean_context(usual[i]);
  context_kind = gvs_context_lean;
  if (!context) {
    context = gvContext();
    context_kind = context ? gvs_context_full : gvs_context_none;
  }
  return context_kind;
}

// MARK: Graphs

struct gvs_graph {
  Agraph_t *graph;
  Agnode_t **nodes;
  size_t node_count, node_capacity;
  Agedge_t **edges;
  size_t edge_count, edge_capacity;
  int is_laid_out;
};

static gvs_graph *wrap(Agraph_t *graph) {
  if (!graph) return NULL;
  gvs_graph *wrapped = calloc(1, sizeof *wrapped);
  if (!wrapped) {
    agclose(graph);
    return NULL;
  }
  wrapped->graph = graph;
  return wrapped;
}

gvs_graph *gvs_open(const char *name) {
  gvs_graph *opened = wrap(agopen((char *)name, Agdirected, NULL));
  if (opened) agattr(opened->graph, AGRAPH, "charset", "UTF-8");
  return opened;
}

gvs_graph *gvs_read(const char *dot) { return wrap(agmemread(dot)); }

void gvs_close(gvs_graph *graph) {
  if (graph->is_laid_out) gvFreeLayout(context, graph->graph);
  agclose(graph->graph);
  free(graph->nodes);
  free(graph->edges);
  free(graph);
}

/// Makes room for one more pointer in a growing array.
static int reserve(void ***array, size_t count, size_t *capacity) {
  if (count < *capacity) return 1;
  size_t larger = *capacity ? *capacity * 2 : 64;
  void **grown = realloc(*array, larger * sizeof **array);
  if (!grown) return 0;
  *array = grown;
  *capacity = larger;
  return 1;
}

long gvs_add_node(gvs_graph *graph, const char *name) {
  Agnode_t *node = agnode(graph->graph, (char *)name, 1);
  if (!node || !reserve((void ***)&graph->nodes, graph->node_count, &graph->node_capacity)) return -1;
  graph->nodes[graph->node_count] = node;
  return (long)graph->node_count++;
}

long gvs_add_edge(gvs_graph *graph, long tail, long head) {
  long count = (long)graph->node_count;
  if (tail < 0 || head < 0 || tail >= count || head >= count) return -1;
  Agedge_t *edge = agedge(graph->graph, graph->nodes[tail], graph->nodes[head], NULL, 1);
  if (!edge || !reserve((void ***)&graph->edges, graph->edge_count, &graph->edge_capacity)) return -1;
  graph->edges[graph->edge_count] = edge;
  return (long)graph->edge_count++;
}

int gvs_set_default(gvs_graph *graph, gvs_kind kind, const char *name, const char *value) {
  static const int kinds[] = {AGRAPH, AGNODE, AGEDGE};
  return agattr(graph->graph, kinds[kind], (char *)name, (char *)value) ? 0 : -1;
}

int gvs_set(gvs_graph *graph, gvs_kind kind, long place, const char *name, const char *value) {
  size_t count = kind == gvs_of_nodes ? graph->node_count : graph->edge_count;
  if (kind == gvs_of_graph || place < 0 || (size_t)place >= count) return -1;
  void *owner = kind == gvs_of_nodes ? (void *)graph->nodes[place] : (void *)graph->edges[place];
  return agsafeset(owner, (char *)name, (char *)value, "");
}

long gvs_node_count(gvs_graph *graph) { return agnnodes(graph->graph); }
long gvs_edge_count(gvs_graph *graph) { return agnedges(graph->graph); }

const char *gvs_node_text(gvs_graph *graph, const char *node, const char *attribute) {
  Agnode_t *found = agnode(graph->graph, (char *)node, 0);
  return found ? agget(found, (char *)attribute) : NULL;
}

// MARK: Drawing

int gvs_layout(gvs_graph *graph, const char *engine) {
  int status = gvLayout(context, graph->graph, engine);
  graph->is_laid_out = status == 0;
  return status;
}

int gvs_render(gvs_graph *graph, const char *format, char **bytes, size_t *count) {
  // Older versions write 4 bytes of length, newer ones 8: all 8 are zeroed, and the type is not named.
  size_t length = 0;
  int status = gvRenderData(context, graph->graph, format, bytes, (void *)&length);
  *count = length;
  return status;
}

void gvs_free_bytes(char *bytes) { gvFreeRenderData(bytes); }
