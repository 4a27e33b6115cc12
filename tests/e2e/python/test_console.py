"""`wshub client` at a terminal: what is typed stays whole when something comes in between, also over several rows."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from hub import BUILD, Hub

ROWS, COLUMNS = 24, 40
PATIENCE = 30
PROGRAM = str(BUILD / "bin" / "wshub")
CONTROL = re.compile(r"\x1b\[(\d*)([A-Za-z])")


class Screen:
    """As much of a terminal as a line editor needs. What it does not know is an error, so that nothing is overlooked."""

    def __init__(self):
        self.cells, self.row, self.column = {}, 0, 0

    def write(self, text):
        at = 0
        while at < len(text):
            control = CONTROL.match(text, at)
            if control:
                self._obey(control[2], int(control[1] or 1))
                at = control.end()
                continue
            self._put(text[at])
            at += 1

    def _put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character == "\a":
            pass
        elif character == "\x1b":
            raise ValueError("an escape sequence that no line editor needs")
        else:
            if self.column >= COLUMNS:
                self.row, self.column = self.row + 1, 0
            self.cells[self.row, self.column] = character
            self.column += 1

    def _obey(self, command, count):
        if command == "A":
            self.row -= count
        elif command == "B":
            self.row += count
        elif command == "C":
            self.column += count
        elif command == "D":
            self.column -= count
        elif command == "G":
            self.column = count - 1
        elif command == "@":
            self.cells = {(row, column + count if row == self.row and column >= self.column else column): cell
                          for (row, column), cell in self.cells.items()}
        elif command == "J":
            self._wipe(lambda row, column: (row, column) >= (self.row, self.column))
        elif command == "K":
            self._wipe(lambda row, column: row == self.row and column >= self.column)
        elif command == "P":
            moved = {(row, column - count if row == self.row and column >= self.column + count else column): cell
                     for (row, column), cell in self.cells.items()
                     if not (row == self.row and self.column <= column < self.column + count)}
            self.cells = moved
        else:
            raise ValueError(f"an escape sequence that no line editor needs: {command}")

    def _wipe(self, gone):
        self.cells = {place: cell for place, cell in self.cells.items() if not gone(*place)}

    def lines(self):
        """What is to be seen; rows that are full go on in the next."""
        out, open_line = [], False
        for row in range(max((row for row, _ in self.cells), default=-1) + 1):
            text = "".join(self.cells.get((row, column), " ") for column in range(COLUMNS))
            if open_line:
                out[-1] += text.rstrip()
            else:
                out.append(text.rstrip())
            open_line = text[-1] != " "
        return out


class Terminal:
    def __init__(self, *arguments):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            # Before the program looks: what is changed later is another story.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
            os.execv(PROGRAM, [PROGRAM, "client", *arguments])
        self.bytes, self.code = b"", None

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def screen(self):
        screen = Screen()
        # Reading may have stopped inside a sequence, or a character.
        screen.write(re.sub(r"\x1b(\[\d*)?$", "", self.bytes.decode("utf-8", "ignore")))
        return screen.lines()

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition(self.screen()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError("it never looked so; it is\n" + "\n".join(self.screen()))
            if select.select([self.descriptor], [], [], left)[0]:
                self.bytes += os.read(self.descriptor, 65536)

    def end(self):
        try:
            while True:
                self.bytes += os.read(self.descriptor, 65536)
        except OSError:
            pass  # that is how a terminal ends
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.descriptor)


class ConsoleTest(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.terminal = Terminal(self.hub.url)

    def tearDown(self):
        self.terminal.kill()
        self.hub.stop()

    def test_what_is_typed_stays_whole_when_something_comes(self):
        terminal = self.terminal
        terminal.until(lambda lines: lines[-1:] == [">"])
        terminal.type("join r\n")
        terminal.until(lambda lines: lines[-1] == ">" and "ack join_room" in "".join(lines))
        half = 'emit message "' + "äöü€" * 15
        terminal.type(half)
        terminal.until(lambda lines: lines[-1] == "> " + half)

        said = ["-e", 'ack room_message {"room":"r","message":"hi"}']
        subprocess.run([PROGRAM, "client", self.hub.url, *said], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
        # The event is above the line, the line is below it, and both are there once.
        terminal.until(lambda lines: "event room_message" in lines[-2] and lines[-1] == "> " + half)
        terminal.type('!"\n')
        terminal.until(lambda lines: lines[-1] == ">" and '"data":"' + "äöü€" * 15 + '!"' in lines[-2])
        seen = terminal.screen()
        self.assertEqual([line for line in seen if "emit" in line], ["> " + half + '!"'])
        self.assertEqual(len([line for line in seen if "event room_message" in line]), 1)
        self.assertRegex(seen[0], r"^\d\d:\d\d:\d\d\.\d{3} connected sid=")

        terminal.type("quit\n")
        self.assertEqual(terminal.end(), 0)

    def test_lines_come_back_and_can_be_mended(self):
        terminal = self.terminal
        terminal.until(lambda lines: lines[-1:] == [">"])
        terminal.type('ack message "one"\n')
        terminal.until(lambda lines: lines[-1] == ">" and "ack message {" in "".join(lines))
        # Up, two to the left of the end, one wiped, another instead.
        terminal.type("\x1b[A\x1b[D\x7fE\n")
        # The prompt too: before it the terminal takes a ^D for itself.
        terminal.until(lambda lines: lines[-1] == ">" and '> ack message "onE"' in lines and '"data":"onE"' in "".join(lines))
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)


if __name__ == "__main__":
    unittest.main()
