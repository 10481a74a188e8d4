using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>One request as its gateway serves it: room, prefill, decode; when something fails, again from the tokens that it has.</summary>
/// <param name="run">The run.</param>
/// <param name="name">For the trace.</param>
/// <param name="prompt">The prompt.</param>
/// <param name="expected">The answer where nothing goes wrong.</param>
/// <param name="random">Its own.</param>
internal sealed class FaultSession(FaultRun run, string name, int[] prompt, int[] expected, Random random)
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);
    private static readonly SamplingSettings Greedy = new(0, 1, 0, 0, 0, 0);
    private readonly List<int> _produced = [];
    private Action? _abortPrefill;
    private TaskCompletionSource _aborted = New();
    private FaultNode? _decode;
    private Guid _id;

    /// <summary>How far it has come.</summary>
    public string State => $"{name} has {_produced.Count} of {expected.Length} tokens";

    public async Task RunAsync()
    {
        for (int attempt = 0; _produced.Count < expected.Length; attempt++)
        {
            FaultRun.Require(attempt < 400, $"{State} after {attempt} attempts");
            FaultNode gateway = run.Gateway;
            string? fault;
            try
            {
                fault = await TryAsync(gateway);
            }
            catch (CallLostException e)
            {
                fault = e.Message;
            }

            if (gateway.Died.IsCompleted)
            {
                // The client asks another gateway, from the beginning.
                _produced.Clear();
            }

            if (fault is not null)
            {
                run.Note($"{name}: {fault.Split(" ticket ")[0].Split("transfer ")[0]}");
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5, 60)), run.Time);
            }
        }
    }

    public void AbortPrefill() => _abortPrefill?.Invoke();

    public void AbortDecode()
    {
        if (_decode is { } decode && !_aborted.Task.IsCompleted)
        {
            _aborted.TrySetResult();
            _ = decode.Decode!.ReleaseAsync(_id);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<string?> TryAsync(FaultNode gateway)
    {
        byte[] id = new byte[16];
        random.NextBytes(id);
        _id = new Guid(id);
        _aborted = New();
        using CancellationTokenSource prefilling = new();
        _abortPrefill = prefilling.Cancel;
        _decode = run.Decode;
        try
        {
            return await ServeAsync(gateway, run.Prefill, run.Decode, prefilling.Token);
        }
        finally
        {
            FaultNode decode = _decode;
            _decode = null;
            _abortPrefill = null;
            if (!gateway.Died.IsCompleted)
            {
                await prefilling.CancelAsync();
                try
                {
                    await CallAsync(FaultStep.Release, gateway, decode, async () =>
                    {
                        await decode.Decode!.ReleaseAsync(_id);
                        return true;
                    });
                }
                catch (CallLostException)
                {
                    // What it held is taken back when its ticket expires.
                    run.IsAbandoned = true;
                }
            }
        }
    }

    private async Task<string?> ServeAsync(FaultNode gateway, FaultNode prefill, FaultNode decode, CancellationToken cancellation)
    {
        ImmutableArray<int> all = [.. prompt, .. _produced];
        ImmutableArray<UInt128> hashes = KvBlockHasher.HashPrompt(all.AsSpan(), FaultNode.KvFormat);
        int left = expected.Length - _produced.Count;
        KvTicket? ticket = null;
        if (left > 1)
        {
            ReserveResult reserved = await CallAsync(
                FaultStep.Reserve, gateway, decode, () => decode.Decode!.ReserveAsync(new ReserveRequest(_id, all, hashes, left, FaultNode.KvFormatHex, SchedulingSettings.Default)));
            if (reserved.Refusal is { } refusal)
            {
                return refusal;
            }

            ticket = reserved.Ticket;
        }

        PrefillResult filled = await CallAsync(
            FaultStep.Prefill,
            gateway,
            prefill,
            () => prefill.Prefill!.PrefillAsync(new PrefillRequest(_id, all, hashes, Greedy, ticket, FaultNode.KvFormatHex, SchedulingSettings.Default), cancellation));
        if (filled.FirstToken is not { } first)
        {
            return filled.Error;
        }

        Take(first.Token);
        return ticket is null ? null : await StreamAsync(gateway, decode, ticket, first.Token);
    }

    private async Task<string?> StreamAsync(FaultNode gateway, FaultNode decode, KvTicket ticket, int first)
    {
        FaultDesk desk = run.DeskOf(gateway);
        FaultDesk.Inbox inbox = desk.Open(_id, 1);
        try
        {
            DecodeResult accepted = await CallAsync(
                FaultStep.Decode, gateway, decode, () => decode.Decode!.DecodeAsync(new DecodeRequest(ticket.Id, _id, first, Greedy, [], gateway.Plane.Address)));
            if (!accepted.Accepted)
            {
                return accepted.Error;
            }

            desk.Name(_id, accepted.TokenChannel);
            gateway.Plane.ExpectTokens(new TokenChannelId(accepted.TokenChannel), decode.Name);
            using CancellationTokenSource watch = new();
            Task over = Task.Delay(TimeSpan.FromSeconds(8), run.Time, watch.Token);
            Task end = await Task.WhenAny(inbox.Ended, _aborted.Task, gateway.Died, over);
            await watch.CancelAsync();
            FaultRun.Require(end != over, $"{State} and {inbox.Tokens.Count} in its inbox, and its stream stands still though nothing was lost");
            return end == inbox.Ended ? inbox.Error : "aborted, or its gateway died";
        }
        finally
        {
            inbox.Tokens.ForEach(Take);
            desk.Close(_id);
        }
    }

    private void Take(int token)
    {
        FaultRun.Require(
            _produced.Count < expected.Length && expected[_produced.Count] == token, $"{State}, and the next is {token} instead of {expected.ElementAtOrDefault(_produced.Count)}");
        _produced.Add(token);
    }

    /// <summary>A call from the gateway to a worker, at which things go wrong as with a frame.</summary>
    private async Task<T> CallAsync<T>(FaultStep step, FaultNode gateway, FaultNode node, Func<Task<T>> call)
    {
        bool twice = false;
        foreach (FaultEvent fault in run.OnStep(step, name))
        {
            switch (fault.Action)
            {
                case FaultAction.Drop:
                    await Task.Delay(TimeSpan.FromMilliseconds(fault.Amount % 500), run.Time);
                    throw new CallLostException("the call was lost");
                case FaultAction.Delay:
                    await Task.Delay(TimeSpan.FromMilliseconds(fault.Amount), run.Time);
                    break;
                case FaultAction.Duplicate:
                    twice = true;
                    break;
            }
        }

        if (node.Died.IsCompleted || gateway.Died.IsCompleted)
        {
            throw new CallLostException("a silo died");
        }

        using CancellationTokenSource watch = new();
        Task<T> answer = call();
        Task<T>? second = twice ? call() : null;
        Task over = Task.Delay(CallLimit, run.Time, watch.Token);
        Task end = await Task.WhenAny(answer, node.Died, gateway.Died, over);
        await watch.CancelAsync();
        _ = second?.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (end == answer)
        {
            try
            {
                return await answer;
            }
            catch (OperationCanceledException)
            {
                throw new CallLostException("cancelled");
            }
        }

        _ = answer.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        FaultRun.Require(end != over, $"{State}: no answer to {step} within {CallLimit.TotalSeconds} s");
        throw new CallLostException("a silo died");
    }

    private sealed class CallLostException(string reason) : Exception(reason);
}
