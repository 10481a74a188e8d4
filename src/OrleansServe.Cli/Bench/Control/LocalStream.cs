using Grpc.Core;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>A client's stream that ends here: counts what is written to it.</summary>
internal sealed class LocalStream(ControlCounters counters) : IServerStreamWriter<GenerateResponse>
{
    /// <inheritdoc/>
    public WriteOptions? WriteOptions { get; set; }

    /// <inheritdoc/>
    public Task WriteAsync(GenerateResponse message)
    {
        if (message.EventCase == GenerateResponse.EventOneofCase.Delta)
        {
            counters.Delivered(message.Delta.TokenIds.Count);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteAsync(GenerateResponse message, CancellationToken cancellationToken) => WriteAsync(message);
}
