// interleaved CPU of ours steps in two processes? single process: brief only, prints per-round
