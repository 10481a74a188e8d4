namespace OrleansServe.Cli.Bench.Transfer;

/// <summary>What was measured with payloads of one size. Medians over the rounds; a share is of the bare socket before and after it in its round.</summary>
/// <param name="PayloadBytes">Bytes of one layer of one KV block.</param>
/// <param name="RawBytesPerSecond">A bare socket, from the same memory into the same memory.</param>
/// <param name="PushBytesPerSecond">The data plane up to the receiver, checksums verified, what arrives copied into memory of its own.</param>
/// <param name="Share">Push over raw.</param>
/// <param name="LeastShare">The lowest of the rounds.</param>
/// <param name="MostShare">The highest.</param>
internal sealed record TransferPoint(int PayloadBytes, double RawBytesPerSecond, double PushBytesPerSecond, double Share, double LeastShare, double MostShare);
