#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"What a neural network costs on a CPU, in cycles and joules, layer by layer"};
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
