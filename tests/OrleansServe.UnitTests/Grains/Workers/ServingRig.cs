using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Transfer.InProcess;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A prefill worker with room for everything, a decode worker with as much as a test gives it, and a gateway that listens.</summary>
internal sealed class ServingRig : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly CollectorRegistry _metrics = Metrics.NewCustomRegistry();
    private readonly PrefillWorker _prefill;

    public ServingRig(WorkerRig rig, int decodeBlocks, int drafts = 1)
    {
        InProcessNetwork network = new();
        network.Join("gateway").RegisterTokens(Streams);
        _prefill = new PrefillWorker(new WorkerId("p", "prefill-0"), rig.Engine(kvBlocks: 256), rig.Context(network.Join("p")));
        DecodeEngine = rig.Engine(decodeBlocks);
        Decode = new DecodeWorker(new WorkerId("d", "decode-0"), DecodeEngine, rig.Context(network.Join("d"), speculativeTokens: drafts, metrics: _metrics));
        _prefill.Start();
        Decode.Start();
    }

    public DecodeWorker Decode { get; }

    public WatchedEngine DecodeEngine { get; }

    public StreamBook Streams { get; } = new();

    /// <summary>Serves a request from beginning to end.</summary>
    /// <returns>What its stream brought.</returns>
    public async Task<IReadOnlyList<string>> ServeAsync(WorkerJob job)
    {
        Guid request = Guid.NewGuid();
        Task<IReadOnlyList<string>> stream = Streams.Listen(request);
        await BeginAsync(job, request);
        return await stream.WaitAsync(Patience);
    }

    /// <summary>Serves several samples of a request's prompt.</summary>
    /// <returns>[samples] what each stream brought.</returns>
    public async Task<IReadOnlyList<string>[]> ServeAsync(WorkerJob job, int samples)
    {
        Guid request = Guid.NewGuid();
        Task<IReadOnlyList<string>>[] streams = [.. Enumerable.Range(0, samples).Select(sample => Streams.Listen(SampleId.Of(request, sample), sample == 0 ? 1 : 0))];
        await BeginAsync(job, request, samples);
        return await Task.WhenAll(streams).WaitAsync(Patience);
    }

    /// <summary>Has the decode worker take a request in, asking as often as it takes until there is room.</summary>
    /// <returns>How often there was none.</returns>
    public async Task<int> BeginAsync(WorkerJob job, Guid request, int samples = 1)
    {
        ImmutableArray<UInt128> hashes = KvBlockHasher.HashPrompt(job.Prompt.AsSpan(), WorkerRig.KvFormat);
        (KvTicket ticket, int refusals) = await ReserveAsync(new ReserveRequest(request, job.Prompt, hashes, job.MaxTokens, WorkerRig.KvFormatHex, job.Scheduling) { Samples = samples });
        PrefillResult prefill = await _prefill.PrefillAsync(
            new PrefillRequest(request, job.Prompt, hashes, job.Sampling, ticket, WorkerRig.KvFormatHex, job.Scheduling), default);
        Assert.Null(prefill.Error);
        DecodeResult accepted = await Decode.DecodeAsync(new DecodeRequest(ticket.Id, request, prefill.FirstToken!.Token, job.Sampling, [], "inproc://gateway"));
        Assert.True(accepted.Accepted, accepted.Error);
        return refusals;
    }

    /// <summary>A counter of the decode worker.</summary>
    public Task<double> CountAsync(string name) => MetricText.SumAsync(_metrics, name);

    public async ValueTask DisposeAsync()
    {
        await _prefill.CheckIntegrityAsync();
        await Decode.CheckIntegrityAsync();
        await _prefill.DisposeAsync();
        await Decode.DisposeAsync();
        Streams.Dispose();
    }

    private async Task<(KvTicket Ticket, int Refusals)> ReserveAsync(ReserveRequest request)
    {
        using CancellationTokenSource patience = new(Patience);
        for (int refusals = 0; ; refusals++)
        {
            ReserveResult reserved = await Decode.ReserveAsync(request);
            if (reserved.Ticket is { } ticket)
            {
                return (ticket, refusals);
            }

            Assert.True(reserved is { Retryable: true, NoRoom: true }, reserved.Refusal);
            await Task.Delay(2, patience.Token);
        }
    }
}
