using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>Holds a decode worker's blocks for requests that arrive, or refuses them with the numbers. Belongs to the engine's thread.</summary>
/// <param name="worker">Whose blocks they are.</param>
/// <param name="engine">What it can compute.</param>
/// <param name="context">What surrounds it.</param>
/// <param name="requests">The samples that it has, by name; those taken in are added.</param>
/// <param name="reservations">Its tickets.</param>
internal sealed class DecodeAdmission(
    WorkerId worker, EngineInfo engine, WorkerContext context, Dictionary<Guid, DecodeSequence> requests, KvReservations reservations)
{
    private readonly UInt128 _rootName = KvBlockHasher.Root(context.Model.KvFormat.Span);
    private long _orders;

    /// <summary>The worker's blocks.</summary>
    public required KvBlockPool Pool { get; init; }

    /// <summary>The sequences that it computes.</summary>
    public required RunningBatch<DecodeSequence> Batch { get; init; }

    /// <summary>What each tenant has been served there.</summary>
    public required TenantAccounts Tenants { get; init; }

    /// <summary>Width of the states that sequences keep.</summary>
    public required int StateWidth { get; init; }

    /// <summary>Holds blocks for a request, if there is room; others of lower classes may be preempted for it.</summary>
    /// <param name="request">Without a fault of its own.</param>
    /// <param name="now">The worker's clock.</param>
    public ReserveResult Reserve(ReserveRequest request, TimeSpan now)
    {
        if (Enumerable.Range(0, request.Samples).Any(sample => requests.ContainsKey(SampleId.Of(request.RequestId, sample))))
        {
            return new ReserveResult(null, $"worker {worker} serves request {request.RequestId:N} already", false);
        }

        // Each stream takes one token of every step: one more than a step has room for would starve.
        int limit = Math.Min(context.Options.MaxRequests, engine.MaxBatchTokens);
        if (requests.Count + request.Samples > limit)
        {
            return new ReserveResult(null, $"worker {worker} holds {requests.Count} samples of at most {limit}: no room for {request.Samples}", true) { NoRoom = true };
        }

        int begin = BlockMath.BlocksForSamples(request.Prompt.Length, Math.Min(request.MaxTokens, 2), request.Samples);
        int worstCase = Math.Max(begin, BlockMath.BlocksForRequest(request.Prompt.Length, request.MaxTokens));
        if (worstCase > Pool.Count)
        {
            return new ReserveResult(
                null,
                $"a prompt of {request.Prompt.Length} tokens, max_tokens {request.MaxTokens} and n {request.Samples} need {worstCase} KV blocks; worker {worker} has {Pool.Count}",
                true)
            { TooLarge = true };
        }

        if (TryHold(request, begin, now) is not { } sequence)
        {
            return new ReserveResult(null, $"worker {worker} has {Pool.Available} of the {begin} KV blocks needed, or others wait for them", true) { NoRoom = true };
        }

        int held = sequence.Computed / KvBlockHasher.BlockTokens;
        int promptBlocks = BlockMath.BlocksFor(sequence.PromptLength);
        sequence.Reservation = reservations.Open(sequence, held, promptBlocks);
        requests.Add(request.RequestId, sequence);
        foreach (DecodeSequence fork in sequence.Forks)
        {
            fork.Reservation = sequence.Reservation;
            requests.Add(fork.RequestId, fork);
        }

        KvTicket ticket = new(
            sequence.Reservation.TicketId,
            request.RequestId,
            worker,
            context.DataPlane.Address,
            promptBlocks,
            held,
            context.Model.KvFormatHex,
            context.Time.GetUtcNow() + context.Options.TicketLifetime);
        return new ReserveResult(ticket, null, false);
    }

    /// <summary>A sequence with blocks for its prompt and its next token; more are taken as it grows. Null if there is no room.</summary>
    private DecodeSequence? TryHold(ReserveRequest request, int blocks, TimeSpan now)
    {
        DecodeSequence sequence = Sample(request, 0);
        sequence.Reuse(Pool, request.BlockHashes.Length * KvBlockHasher.BlockTokens);
        int tokens = request.Prompt.Length + Math.Min(request.MaxTokens, 2) - 1;
        if (Batch.TryMakeRoom(sequence.Class, blocks - sequence.Blocks.Length, now) && sequence.TryGrow(Pool, tokens))
        {
            sequence.Forks = [.. Enumerable.Range(1, request.Samples - 1).Select(sample => Sample(request, sample))];
            return sequence;
        }

        sequence.GiveBack(Pool);
        Tenants.Leave(sequence.Account);
        return null;
    }

    private DecodeSequence Sample(ReserveRequest request, int sample) => new(request, sample, _rootName)
    {
        Order = ++_orders,
        Class = ServiceClasses.Of(request.Scheduling.Priority),
        Account = Tenants.Enter(request.Scheduling.Tenant),
        StateWidth = StateWidth,
    };
}
