using System.Runtime.ExceptionServices;
using Grpc.Core;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Owns one request from its admission to its last token, and gives back what it held however it ends. It keeps the prompt and what has been produced:
/// when a worker goes, what is left is computed elsewhere, and the client sees a pause at most.
/// </summary>
internal sealed class GenerationSession
{
    private readonly Generation _request;
    private readonly GatewayModel _model;
    private readonly RequestPlacer _placer;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly AnswerAssembler[] _answers;
    private readonly long _begun;
    private int? _cachedTokens;

    /// <param name="request">The request.</param>
    /// <param name="model">The model served.</param>
    /// <param name="placer">Finds workers.</param>
    /// <param name="metrics">What is measured.</param>
    /// <param name="time">The clock.</param>
    /// <param name="begun">When the request arrived, in ticks of the clock.</param>
    public GenerationSession(Generation request, GatewayModel model, RequestPlacer placer, GatewayMetrics metrics, TimeProvider time, long begun)
    {
        _request = request;
        _model = model;
        _placer = placer;
        _metrics = metrics;
        _time = time;
        _begun = begun;
        _answers = new AnswerAssembler[request.Samples];
        for (int sample = 0; sample < _answers.Length; sample++)
        {
            _answers[sample] = new AnswerAssembler(request, sample, model.Tokenizer, metrics, time);
        }
    }

    /// <summary>Is told what the request has used once it has ended, however it ended, if its prompt was computed.</summary>
    public Action<string, UsageRecord>? OnUsed { get; init; }

    /// <summary>Serves the request.</summary>
    /// <param name="output">The client's stream.</param>
    /// <param name="cancellationToken">The client's going, or its deadline.</param>
    /// <returns>What the client was told at the end.</returns>
    /// <exception cref="RequestRejectedException">Refused, or workers were lost and nobody could go on.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<Finished> RunAsync(IServerStreamWriter<GenerateResponse> output, CancellationToken cancellationToken)
    {
        using AnswerStream answer = new(output, _request, _model, _answers, _time, _begun);
        ResumeBudget budget = _placer.NewBudget();
        try
        {
            await ServeAsync(answer, await _placer.PlaceAsync(WorkOrder.Begin(_request), budget, cancellationToken), budget, cancellationToken);
            return answer.Last!;
        }
        finally
        {
            _metrics.CompletionTokens.Inc(_answers.Sum(sample => sample.CompletionTokens));
            _metrics.ReasoningTokens.Inc(_answers.Sum(sample => sample.ReasoningTokens));
            ReportUsage();
        }
    }

    // What is computed again after an interruption was paid for once.
    private void ReportUsage()
    {
        if (_cachedTokens is int cached)
        {
            OnUsed?.Invoke(_request.Scheduling.Tenant, new UsageRecord(
                _request.RequestId,
                _model.Name,
                _time.GetUtcNow(),
                cached,
                _request.Prompt.Length - cached,
                _answers.Sum(sample => (long)sample.CompletionTokens),
                _answers.Sum(sample => (long)sample.ReasoningTokens)));
        }
    }

    /// <summary>Streams the samples of a placed stream to their ends, wherever they have to go on.</summary>
    private async Task ServeAsync(AnswerStream answer, PlacedStream stream, ResumeBudget budget, CancellationToken cancellationToken)
    {
        while (await StreamAsync(answer, stream, cancellationToken) is { } interruption)
        {
            WorkOrder order = stream.Order;
            int[] left = [.. Enumerable.Range(order.FirstSample, order.Samples).Where(sample => !_answers[sample].IsOver)];
            if (left.Length > 1)
            {
                await ServeApartAsync(answer, left, interruption, budget, cancellationToken);
                return;
            }

            stream = await ResumeAsync(answer, left[0], interruption, budget, cancellationToken);
        }
    }

    /// <summary>Goes on with several samples, each on its own: what they have produced differs. The first that fails ends them all.</summary>
    private async Task ServeApartAsync(AnswerStream answer, int[] samples, Interruption interruption, ResumeBudget budget, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ExceptionDispatchInfo? first = null;
        await Task.WhenAll(samples.Select(GoOnAsync));
        first?.Throw();

        async Task GoOnAsync(int sample)
        {
            try
            {
                ResumeBudget own = budget.Fork();
                await ServeAsync(answer, await ResumeAsync(answer, sample, interruption, own, end.Token), own, end.Token);
            }
            catch (Exception fault)
            {
                if (Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(fault), null) is null)
                {
                    await end.CancelAsync();
                }
            }
        }
    }

    private Task<PlacedStream> ResumeAsync(AnswerStream answer, int sample, Interruption interruption, ResumeBudget budget, CancellationToken cancellationToken)
    {
        if (interruption.IsLoss && !budget.TryTake())
        {
            throw RequestRejectedException.Unavailable(
                budget.Limit == 0 ? interruption.Fault : $"{interruption.Fault} The answer has lost its worker {budget.Limit} times before, which is the limit.");
        }

        answer.CountResume();
        _metrics.Resumed(interruption.End);
        return _placer.ResumeAsync(WorkOrder.Resume(_request, sample, _answers[sample].Produced, interruption.Workers), interruption, budget, cancellationToken);
    }

    /// <summary>Streams from one placement until its samples are over or it is interrupted, and gives it back.</summary>
    /// <returns>The interruption; null if all of its samples are over.</returns>
    private async Task<Interruption?> StreamAsync(AnswerStream answer, PlacedStream stream, CancellationToken cancellationToken)
    {
        bool lost = false;
        try
        {
            Interruption? interruption = await ReadAsync(answer, stream, cancellationToken);
            lost = interruption is not null;
            return interruption;
        }
        catch (RequestRejectedException)
        {
            lost = true;
            throw;
        }
        finally
        {
            Task released = stream.EndAsync();

            // A lost worker may take its time to say so once more; the client need not wait for it.
            if (!lost)
            {
                await released;
            }
        }
    }

    private async Task<Interruption?> ReadAsync(AnswerStream answer, PlacedStream stream, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration gone = cancellationToken.UnsafeRegister(
            static inbox => ((TokenInbox?)inbox)?.Stop(InboxEnd.Cancelled, string.Empty), stream.Inbox);
        await TakeFirstAsync(answer, stream, cancellationToken);
        while (!IsOver(stream.Order))
        {
            TokenBatch batch = await stream.Inbox!.TakeAsync(_time.GetTimestamp());
            if (batch.Count == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return stream.Inbox.End == InboxEnd.RequestFailed
                    ? throw RequestRejectedException.Failed(stream.Inbox.Fault)
                    : Interruption.Of(stream);
            }

            for (int from = 0; from < batch.Count && !IsOver(stream.Order);)
            {
                int sample = batch.Tokens[from].Sample;
                if (_answers[sample].IsOver)
                {
                    from++;
                    continue;
                }

                Delta delta = _answers[sample].Accept(batch, ref from);
                EndEarly(stream, sample);
                await answer.WriteAsync(sample, delta, cancellationToken);
            }
        }

        return null;
    }

    private async Task TakeFirstAsync(AnswerStream answer, PlacedStream stream, CancellationToken cancellationToken)
    {
        Placement placement = stream.Placement;
        int sample = stream.Order.FirstSample;
        long now = _time.GetTimestamp();
        TimeSpan timeToFirstToken = _time.GetElapsedTime(_begun, now);
        if (stream.Order.IsResume)
        {
            _metrics.ResumeStall.Observe(_time.GetElapsedTime(_answers[sample].LastToken, now).TotalSeconds);
        }
        else
        {
            _metrics.TimeToFirstToken.Observe(timeToFirstToken.TotalSeconds);
            _metrics.QueueTime.Observe(placement.Queued.TotalSeconds);
            _metrics.PromptTokens.Inc(_request.Prompt.Length);
            _metrics.CachedPromptTokens.Inc(placement.CachedTokens);
            _cachedTokens = placement.CachedTokens;
            foreach (AnswerAssembler other in _answers.AsSpan(1))
            {
                other.Begin(now);
            }
        }

        Delta delta = _answers[sample].Accept(placement.First, now);
        EndEarly(stream, sample);
        if (!stream.Order.IsResume)
        {
            await answer.StartAsync(placement, timeToFirstToken, cancellationToken);
        }

        await answer.WriteAsync(sample, delta, cancellationToken);
    }

    private bool IsOver(WorkOrder order)
    {
        for (int sample = order.FirstSample; sample < order.FirstSample + order.Samples; sample++)
        {
            if (!_answers[sample].IsOver)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Once an answer is over, its room is given back while the last messages go out.</summary>
    private void EndEarly(PlacedStream stream, int sample)
    {
        if (IsOver(stream.Order))
        {
            _ = stream.EndAsync();
        }
        else if (_answers[sample].MatchedString is not null)
        {
            // Its worker does not know stop strings.
            stream.EndSample(sample);
        }
    }
}
