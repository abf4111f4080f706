#ifndef GRAPHVIZ_SHIM_H
#define GRAPHVIZ_SHIM_H

// libgraphviz as opaque handles and plain functions. Its own headers define macros and mutable globals
// that Swift cannot take, and differ from version to version; only shim.c reads them.
//
// Nothing here may run on two threads at once: all of Graphviz's state belongs to the process.

#include <stddef.h>

/// A graph under construction; NULL is never a valid one.
typedef struct gvs_graph gvs_graph;

/// Which context the process has: none could be made; all plugins of the installation; or only the three
/// that figures need, which reads no configuration file and no fonts.
typedef enum { gvs_context_none = 0, gvs_context_full = 1, gvs_context_lean = 2 } gvs_context;

/// What an attribute belongs to.
typedef enum { gvs_of_graph = 0, gvs_of_nodes = 1, gvs_of_edges = 2 } gvs_kind;

/// Makes the one context of the process at the first call, and says which it is. It is never freed.
gvs_context gvs_start(void);

/// Everything that Graphviz has complained about since gvs_clear_messages, or "".
const char *gvs_messages(void);
void gvs_clear_messages(void);

/// An empty directed graph; free with gvs_close.
gvs_graph *gvs_open(const char *name);
/// The first graph in a DOT text, or NULL; free with gvs_close.
gvs_graph *gvs_read(const char *dot);
void gvs_close(gvs_graph *graph);

/// Adds a node or an edge and returns its place, counted from 0 for each kind; -1 if that failed.
long gvs_add_node(gvs_graph *graph, const char *name);
long gvs_add_edge(gvs_graph *graph, long tail, long head);

/// Sets what all members of a kind have unless they say otherwise. Returns 0 if that worked.
int gvs_set_default(gvs_graph *graph, gvs_kind kind, const char *name, const char *value);
/// Sets an attribute of one node or edge made by this shim. Returns 0 if that worked.
int gvs_set(gvs_graph *graph, gvs_kind kind, long place, const char *name, const char *value);

long gvs_node_count(gvs_graph *graph);
long gvs_edge_count(gvs_graph *graph);
/// The text of an attribute of a node by name, or NULL.
const char *gvs_node_text(gvs_graph *graph, const char *node, const char *attribute);

/// Lays the graph out with an engine such as "nop2" or "dot". Returns 0 if that worked.
int gvs_layout(gvs_graph *graph, const char *engine);
/// Draws a graph that has been laid out. Returns 0 if that worked; free the bytes with gvs_free_bytes.
int gvs_render(gvs_graph *graph, const char *format, char **bytes, size_t *count);
void gvs_free_bytes(char *bytes);

#endif
