"""Every encoder by name: plain data, so that the command line can list them without torch."""

from __future__ import annotations

#: Encoders of texts: name -> where the class is. A module is imported when its class is asked for, so that names can
#: be listed without torch.
TEXT_ENCODERS: dict[str, str] = {
    "bag": "kinfold.nn.encoders.bag:BagOfEmbeddings",
    "residual": "kinfold.nn.encoders.residual:ResidualBag",
    "char-cnn": "kinfold.nn.encoders.char_cnn:CharCNN",
    "ngrams": "kinfold.nn.encoders.ngrams:NGrams",
    "word-cnn": "kinfold.nn.encoders.word_cnn:WordCNN",
    "rnn": "kinfold.nn.encoders.rnn:RNN",
    "gru": "kinfold.nn.encoders.gru:GRU",
    "lstm": "kinfold.nn.encoders.lstm:LSTM",
    "min-gru": "kinfold.nn.encoders.min_gru:MinGRU",
}
#: Those that read other things as well.
ENCODERS: dict[str, str] = TEXT_ENCODERS | {"image-cnn": "kinfold.nn.encoders.image_cnn:ImageCNN"}
