"""The row network: the picture of a row to the probability of each character in each column.

Residual convolutions look at the strokes, two bidirectional LSTMs at the row around them, and
CTC (Graves et al. 2006) says what a column shows without a cut between letters.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

WIDTHS = (24, 48, 96, 160)  # channels at full size, 1/2, 1/4, and 1/8 of the height
STRIDE = 4  # px of the row for each column of the output


class Block(nn.Module):
    """Two 3x3 convolutions with batch norm, added to their input (He et al. 2015)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Sequential(*convolution(inputs, outputs), nn.ReLU())
        self.second = nn.Sequential(*convolution(outputs, outputs))
        widen = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.skip: nn.Module = nn.Identity() if inputs == outputs else widen

    def forward(self, x: Tensor) -> Tensor:
        """Return float [N, outputs, h, w] for float [N, inputs, h, w]."""
        return F.relu(self.second(self.first(x)) + self.skip(x))


class RowNetwork(nn.Module):
    """Reads rows of `classes` - 1 characters; output 0 is CTC's blank. 1.9 million weights.

    Dropout is used in training only.
    """

    def __init__(self, classes: int, dropout: float = 0.15) -> None:
        super().__init__()
        full, half, quarter, low = WIDTHS
        self.stem = nn.Sequential(
            *convolution(1, full), nn.ReLU(), *convolution(full, full), nn.ReLU()
        )
        self.at_half = Block(full, half)
        self.at_quarter = nn.Sequential(Block(half, quarter), Block(quarter, quarter))
        self.at_eighth = Block(quarter, low)
        # the five rows of pixels that are left, to one
        self.column = nn.Sequential(
            nn.Conv2d(low, low, (5, 1), bias=False), nn.BatchNorm2d(low), nn.ReLU()
        )
        self.context = nn.LSTM(low, low, 2, bidirectional=True, dropout=0.2)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(2 * low, classes)

    def forward(self, rows: Tensor) -> Tensor:
        """Return log-probabilities, float [N, W/4, classes], for ink 0 to 1, float [N, 1, 40, W].

        W is a multiple of 4.
        """
        x = F.max_pool2d(self.stem(rows), 2)  # (N, 24, 20, W/2)
        x = F.max_pool2d(self.at_half(x), 2)  # (N, 48, 10, W/4)
        x = F.max_pool2d(self.at_quarter(x), (2, 1))  # (N, 96, 5, W/4)
        x = self.column(self.at_eighth(x)).squeeze(2)  # (N, 160, W/4)
        x, _ = self.context(self.dropout(x).permute(2, 0, 1))  # (W/4, N, 320)
        return self.output(self.dropout(x)).log_softmax(2).permute(1, 0, 2)  # type: ignore[no-any-return]


def convolution(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    """Return a 3x3 convolution that keeps the size, and its batch norm."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)
