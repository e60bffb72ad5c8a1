#include "accumbens/app/command_line.h"

int main(int argc, char** argv) {
  return accumbens::run_command_line(argc, argv);
}
