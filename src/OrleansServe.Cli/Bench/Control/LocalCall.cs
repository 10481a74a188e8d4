using Grpc.Core;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>A call that came over no connection.</summary>
internal sealed class LocalCall(CancellationToken cancellationToken) : ServerCallContext
{
    /// <inheritdoc/>
    protected override string MethodCore => "/orleansserve.v1.InferenceService/Generate";

    /// <inheritdoc/>
    protected override string HostCore => "local";

    /// <inheritdoc/>
    protected override string PeerCore => "local";

    /// <inheritdoc/>
    protected override DateTime DeadlineCore => DateTime.MaxValue;

    /// <inheritdoc/>
    protected override Metadata RequestHeadersCore { get; } = [];

    /// <inheritdoc/>
    protected override CancellationToken CancellationTokenCore => cancellationToken;

    /// <inheritdoc/>
    protected override Metadata ResponseTrailersCore { get; } = [];

    /// <inheritdoc/>
    protected override Status StatusCore { get; set; }

    /// <inheritdoc/>
    protected override WriteOptions? WriteOptionsCore { get; set; }

    /// <inheritdoc/>
    protected override AuthContext AuthContextCore { get; } = new(null, []);

    /// <inheritdoc/>
    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException("A local call goes no further.");
}
