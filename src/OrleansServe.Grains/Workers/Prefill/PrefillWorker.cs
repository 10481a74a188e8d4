using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Grains.Workers.Channels;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Transfer;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>Computes prompts: takes what the prefix cache has, computes the rest in chunks, sends each layer's KV on as it is done, samples the first token.</summary>
internal sealed class PrefillWorker : EngineWorker<PrefillSequence>
{
    private readonly IDataPlane _dataPlane;
    private readonly PrefillSigns _signs;
    private readonly PrefillQueue _queue = new();

    // Waiting, running, or answered with KV still being sent.
    private readonly HashSet<PrefillSequence> _held = [];
    private bool _roomChanged;
    private Task _transfers = Task.CompletedTask;

    public PrefillWorker(WorkerId id, IEngine engine, WorkerContext context)
        : base(id, WorkerRole.Prefill, engine, context)
    {
        _dataPlane = context.DataPlane;
        _signs = new PrefillSigns(_dataPlane, id, _held, Time, Thread);
        Batch.Plan.LayerCompleted = OnLayerCompleted;
    }

    /// <summary>Serves one prompt; see <see cref="IPrefillWorkerGrain.PrefillAsync"/>.</summary>
    public async Task<PrefillResult> PrefillAsync(PrefillRequest request, CancellationToken cancellationToken)
    {
        if (PrefillRules.Refuse(request, Engine.Info, Pool.Count, Id, Model.KvFormatHex) is { } refusal)
        {
            return refusal;
        }

        PrefillSequence? sequence;
        try
        {
            sequence = await Thread.InvokeAsync(() => TryEnqueue(request));
        }
        catch (WorkerUnavailableException e)
        {
            return PrefillRules.Refusal(e.Message, retryable: true) with { Ended = true };
        }
        catch (PeerUnreachableException e)
        {
            // Whoever asks would not hear that this worker is there.
            return PrefillRules.Refusal(e.Message.TrimEnd('.'), retryable: true);
        }

        if (sequence is null)
        {
            return PrefillRules.Refusal($"worker {Id} holds {Options.MaxRequests} requests, which is its limit", retryable: true) with { NoRoom = true };
        }

        await using CancellationTokenRegistration registration = cancellationToken.Register(() =>
        {
            // The receiver need not hold its room until the step is over.
            sequence.Sender?.Abort("the request was cancelled");
            Thread.Post(() => Cancel(sequence));
        });
        PrefillResult result = await sequence.Result.Task;
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    protected override IEnumerable<Guid> HeldRequests => _held.Select(sequence => sequence.RequestId);

    protected override WorkerLoad MeasureLoad()
    {
        long queued = _queue.Tokens;
        foreach (PrefillSequence sequence in Batch.Running)
        {
            queued += sequence.Pending;
        }

        WorkerLoad load = new(Batch.Running.Count, _queue.Count, queued, Pool.Count, Pool.Held, Pool.Cached, 0, 0);
        Metrics.Load(load);
        return load;
    }

    // The step's KV of a layer is written.
    private void OnLayerCompleted(int layer)
    {
        for (int i = 0; i < Batch.Planned.Count; i++)
        {
            PrefillSequence sequence = Batch.Planned[i];
            int end = Batch.Plan[i].StartPosition + Batch.ChunkOf(i);

            // A block that this chunk leaves unfinished is sent with the chunk that fills it, or with the last one.
            int endBlock = end == sequence.PromptLength ? BlockMath.BlocksFor(end) : end / KvBlockHasher.BlockTokens;
            sequence.Sender?.Ready(layer, sequence.Computed / KvBlockHasher.BlockTokens, endBlock);
        }

        // Commands wait for the step's end, which may take longer than a gateway waits.
        _signs.SendIfDue();
    }

    protected override void OnScored(PrefillSequence sequence, int index, StepResult result)
    {
        if (sequence.Scores?.Add(result, index, Batch.Plan[index].CachedRows) is { } error)
        {
            OnFailed(sequence, error, retryable: false);
        }
    }

    protected override void OnSampled(PrefillSequence sequence, int index, int tokens, StepResult result)
    {
        if (sequence.Answered)
        {
            return;
        }

        sequence.Sender?.Finish();
        Answer(sequence, new PrefillResult(TokenSamples.From(result[index]), sequence.CachedTokens, sequence.QueueTime, null, false)
        {
            PromptScores = sequence.Scores?.Complete(),
        });
    }

    protected override void OnFailed(PrefillSequence sequence, string error, bool retryable)
    {
        sequence.Sender?.Abort(error);
        Answer(sequence, PrefillRules.Refusal(error, retryable));
    }

    protected override void OnEnd(string reason)
    {
        foreach (PrefillSequence sequence in _held)
        {
            sequence.Sender?.Abort(reason);
            sequence.Result.TrySetResult(PrefillRules.Refusal(reason, retryable: true) with { Ended = true });
        }

        _transfers = Task.WhenAll(_held.Select(sequence => sequence.Transfer));
        _held.Clear();
        _queue.Clear();
        _signs.Dispose();
    }

    protected override Task QuiesceAsync() => _transfers;

    protected override long CountHeldBlocks() => _held.Sum(sequence => (long)sequence.Blocks.Length);

    protected override void OnPlanning()
    {
        // A start that fails at once gives room back: then there is more to start.
        while (_roomChanged)
        {
            _roomChanged = false;
            _queue.Start(Now, TryStart);
        }
    }

    private PrefillSequence? TryEnqueue(PrefillRequest request)
    {
        if (_held.Count >= Options.MaxRequests)
        {
            return null;
        }

        GatewayStream? stream = _signs.Open(request.GatewayAddress);
        ServiceClass serviceClass = ServiceClasses.Of(request.Scheduling.Priority);
        PrefillSequence sequence = new(request, RootName, Now)
        {
            Order = NextOrder(),
            Class = serviceClass,
            Account = Tenants.Enter(request.Scheduling.Tenant),
            Due = Now + Service.Targets.Of(serviceClass).FirstToken,
            StateWidth = StateWidth,
            Stream = stream,
        };
        _held.Add(sequence);
        _queue.Add(sequence);
        _roomChanged = true;
        NoteArrival(request.RequestId);
        NotifyChanged();
        return sequence;
    }

    private bool TryStart(PrefillSequence sequence)
    {
        // The last token is always computed, since its logits are wanted: a prompt that is cached whole gives up its last block.
        // Log-probabilities take the states of every token, which a cache of keys and values does not have.
        int usable = sequence.Scores is not null ? 0 : Math.Min(sequence.Request.BlockHashes.Length, (sequence.PromptLength - 1) / KvBlockHasher.BlockTokens);
        if (BlockMath.BlocksFor(sequence.PromptLength) - usable > Pool.Available)
        {
            return false;
        }

        sequence.Reuse(Pool, usable * KvBlockHasher.BlockTokens);
        int cached = sequence.Blocks.Length;
        if (!sequence.TryGrow(Pool, sequence.PromptLength))
        {
            sequence.GiveBack(Pool);
            return false;
        }

        sequence.CachedTokens = sequence.Computed;
        sequence.QueueTime = Now - sequence.Arrived;
        sequence.Sampling = TokenSamples.ToEngine(sequence.Request.Sampling);
        sequence.TopLogprobs = sequence.Request.Sampling.TopLogprobs;
        Batch.Join(sequence);
        Metrics.CachedTokens(sequence.CachedTokens);
        if (sequence.Request.Ticket is { } ticket)
        {
            OpenTransfer(sequence, ticket, cached);
        }

        return true;
    }

    private void OpenTransfer(PrefillSequence sequence, KvTicket ticket, int cached)
    {
        try
        {
            sequence.Sender = KvSender.Begin(_dataPlane, Engine.Kv, sequence.Blocks, ticket, Options.TransferTimeout, Time);
        }
        catch (PeerUnreachableException e)
        {
            OnFailed(sequence, e.Message, retryable: true);
            return;
        }

        for (int layer = 0; layer < Engine.Kv.Layout.Layers; layer++)
        {
            sequence.Sender.Ready(layer, 0, cached);
        }

        sequence.Transfer = WatchTransferAsync(sequence, sequence.Sender);
    }

    private async Task WatchTransferAsync(PrefillSequence sequence, KvSender sender)
    {
        string? fault = null;
        try
        {
            await sender.Completion;
        }
#pragma warning disable CA1031 // However the transfer failed, the request is told and the blocks go back.
        catch (Exception e)
#pragma warning restore CA1031
        {
            fault = e.Message;
        }

        Thread.Post(() => OnTransferEnded(sequence, fault));
    }

    private void OnTransferEnded(PrefillSequence sequence, string? fault)
    {
        sequence.Sender?.Dispose();
        sequence.Sender = null;
        if (fault is not null && !sequence.Answered)
        {
            Answer(sequence, PrefillRules.Refusal(fault, retryable: true));
        }

        ReleaseIfDone(sequence);
    }

    private void Cancel(PrefillSequence sequence)
    {
        if (!sequence.Answered)
        {
            _queue.Remove(sequence);
            OnFailed(sequence, "the request was cancelled", retryable: false);
        }
        else
        {
            sequence.Sender?.Abort("the request was cancelled");
        }
    }

    private void Answer(PrefillSequence sequence, PrefillResult result)
    {
        sequence.Answered = true;
        Batch.Leave(sequence);
        ReleaseIfDone(sequence);
        sequence.Result.TrySetResult(result);
    }

    /// <summary>Gives the blocks back once the request is answered and nothing reads them any more.</summary>
    private void ReleaseIfDone(PrefillSequence sequence)
    {
        if (!sequence.Answered || sequence.Sender is not null || !_held.Remove(sequence))
        {
            return;
        }

        // One that never began may have been the one that the others waited for.
        sequence.GiveBack(Pool);
        Tenants.Leave(sequence.Account);
        PrefillSigns.Close(sequence.Stream);
        _roomChanged = true;
        NotifyChanged();
    }
}
