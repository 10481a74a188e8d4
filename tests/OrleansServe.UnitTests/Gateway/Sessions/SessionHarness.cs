using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Gateway.Validation;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Tokens;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Sessions;

/// <summary>A gateway's session over a fake cluster, with tokens coming over a real in-process data plane.</summary>
internal sealed class SessionHarness : IDisposable
{
    private readonly InProcessNetwork _network = new();
    private readonly ITokenChannel _channel;
    private readonly Notices _notices;
    private readonly GatewayMetrics _metrics;
    private readonly RequestPlacer _placer;
    private int _nextIndex = 1;

    public SessionHarness(int retries = 2, int resumes = 0)
    {
        GatewayOptions options = new() { MaxRetries = retries, MaxResumes = resumes, ReleaseTimeout = TimeSpan.FromSeconds(5), TokenTimeout = TimeSpan.FromSeconds(60) };
        Microsoft.Extensions.Options.IOptions<GatewayOptions> wrapped = Microsoft.Extensions.Options.Options.Create(options);
        Router = new TokenRouter(_network.Join("gateway"), Time, options.TokenTimeout, NullLogger<TokenRouter>.Instance);
        _channel = _network.Join("silo-0").OpenTokens("inproc://gateway", FakeCluster.Decode0.Key);
        _metrics = new GatewayMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), "tiny-r1");
        GatewayIdentity identity = GatewayIdentity.Of("gateway", TinyModel.Instance.KvFormat);
        _notices = new Notices(wrapped, _metrics, Time, NullLogger<Notices>.Instance);
        LeaseReleaser releaser = new(Cluster.Grains, _notices);
        SuspicionReporter suspicions = new(Cluster.Grains, _notices);
        PlacementCalls calls = new(Cluster.Grains, Router, suspicions, identity, wrapped, Time);
        _placer = new RequestPlacer(calls, Router, releaser, suspicions, identity, wrapped, _metrics, Time, NullLogger<RequestPlacer>.Instance);
    }

    public ManualTime Time { get; } = new();

    public FakeCluster Cluster { get; } = new();

    public TokenRouter Router { get; }

    public RecordingStream Stream { get; } = new();

    public GatewayMetrics Measured => _metrics;

    public Notices Notices => _notices;

    public static Generation Request(
        int maxTokens = 100,
        int[]? stopTokens = null,
        string[]? stopStrings = null,
        bool chat = false,
        int logprobs = -1,
        bool ignoreEos = false)
    {
        ImmutableArray<int> asked = [.. stopTokens ?? []];
        return new Generation(
            Guid.NewGuid(),
            [256, 'q'],
            maxTokens,
            new SamplingSettings(0, 1, 0, 0, 7, Math.Max(0, logprobs)),
            new StopConditions([.. stopStrings ?? []], asked, ignoreEos ? asked : [TinyModel.End, .. asked]),
            Logprobs: logprobs >= 0,
            chat,
            Thinking: chat);
    }

    public Task<Finished> RunAsync(Generation request, CancellationToken cancellationToken = default) =>
        new GenerationSession(request, TinyModel.Instance, _placer, _metrics, Time, Time.GetTimestamp()).RunAsync(Stream, cancellationToken);

    /// <summary>The decode worker's channel.</summary>
    public TokenChannelId Channel => _channel.Id;

    /// <summary>The channel of another decode worker.</summary>
    public ITokenChannel OpenOther(string node, string worker) => _network.Join(node).OpenTokens("inproc://gateway", worker);

    /// <summary>Sends tokens as the decode worker would, in one frame.</summary>
    public void Send(Guid request, ReadOnlySpan<int> tokens, TokenStreamEnd last = TokenStreamEnd.None)
    {
        TokenFrame frame = new();
        for (int i = 0; i < tokens.Length; i++)
        {
            frame.Add(request, _nextIndex++, tokens[i], -0.25f, [tokens[i], 2, 3], [-0.25f, -2, -4], i == tokens.Length - 1 ? last : TokenStreamEnd.None);
        }

        _channel.Send(frame);
    }

    /// <summary>Lets the decode worker send these tokens as soon as it has taken the request in.</summary>
    public void AnswerWith(int[] tokens, TokenStreamEnd last) => Cluster.OnDecode = (_, request, _) =>
    {
        Send(request.RequestId, tokens, last);
        return Task.FromResult(new DecodeResult(true, null, false));
    };

    /// <summary>Lets the decode worker send tokens of any sample, by sample, index, token and end, as soon as it has taken the request in.</summary>
    public void OnDecode(Generation request, Action<Action<int, int, int, TokenStreamEnd>> script) => Cluster.OnDecode = (_, _, _) =>
    {
        script((sample, index, token, end) =>
        {
            TokenFrame frame = new();
            if (end == TokenStreamEnd.Failed)
            {
                frame.AddFailure(SampleId.Of(request.RequestId, sample), index, "layer 3 produced them first");
            }
            else
            {
                frame.Add(SampleId.Of(request.RequestId, sample), index, token, -0.25f, [], [], end);
            }

            _channel.Send(frame);
        });
        return Task.FromResult(new DecodeResult(true, null, false));
    };

    /// <summary>Sends a frame over the decode worker's channel.</summary>
    public void SendFrame(TokenFrame frame) => _channel.Send(frame);

    /// <summary>Breaks every connection of a node.</summary>
    public void LoseNode(string node) => _network.Disconnect($"inproc://{node}");

    public void LoseWorker() => _network.Disconnect("inproc://silo-0");

    /// <summary>All that was taken has been given back, once, and nobody listens any more.</summary>
    public void AssertAllReleased(int attempts = 1, bool reserved = true) => AssertAllReleased(attempts, reserved ? attempts : 0);

    /// <summary>Nothing is held any more: each admission was completed, and each reservation released.</summary>
    public void AssertAllReleased(int attempts, int reservations)
    {
        Assert.Equal(attempts, Cluster.Count("admit"));
        Assert.Equal(attempts, Cluster.Count("complete"));
        Assert.Equal(reservations, Cluster.Calls.Count(call => call.StartsWith("release ", StringComparison.Ordinal)));
        Assert.Equal(0, Router.Count);
        Assert.Equal(0, _notices.Count);
    }

    public void Dispose()
    {
        _channel.Dispose();
        Router.Dispose();
        _notices.Dispose();
    }
}
