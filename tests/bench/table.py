"""The table: a line says what was measured, against what, both medians with lowest and highest, and their ratio."""
import statistics

from harness.parts import BUILD


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def spread(values):
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} to {number(max(values))})"


class Table:
    def __init__(self):
        self._lines = []

    def _add(self, line):
        self._lines.append(line)
        print(line, flush=True)

    def note(self, text):
        self._add(text)

    def heading(self, text):
        self._add(f"\n{text}")

    def value(self, what, values, unit):
        self._add(f"  {what:<50} {spread(values if isinstance(values, list) else [values])} {unit}")

    def ratio(self, what, ours, against, theirs, unit):
        """ours and theirs: runs in turn, so each pair has its own ratio."""
        self.value(what, ours, unit)
        self.value(f"against {against}", theirs, unit)
        self.value("  ratio", [a / b for a, b in zip(ours, theirs)], "")

    def write(self):
        (BUILD / "bench.txt").write_text("\n".join(self._lines) + "\n")
