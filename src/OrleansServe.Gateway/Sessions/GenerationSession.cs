using Grpc.Core;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Sessions;

/// <summary>Owns one request from its admission to its last token, and gives back what it held however it ends.</summary>
internal sealed class GenerationSession
{
    private readonly Generation _request;
    private readonly GatewayModel _model;
    private readonly RequestPlacer _placer;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly AnswerAssembler[] _answers;
    private readonly long _begun;

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

    /// <summary>Serves the request.</summary>
    /// <param name="output">The client's stream: one Started, the prompt's log-probabilities, Deltas, one Finished for each sample.</param>
    /// <param name="cancellationToken">The client's going, or its deadline.</param>
    /// <returns>What the client was told at the end.</returns>
    /// <exception cref="RequestRejectedException">Refused, or the worker was lost.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<Finished> RunAsync(IServerStreamWriter<GenerateResponse> output, CancellationToken cancellationToken)
    {
        PlacedStream stream = await _placer.PlaceAsync(_request, _request.Prompt, _request.MaxTokens, cancellationToken);
        bool lost = false;
        try
        {
            return await StreamAsync(stream, output, cancellationToken);
        }
        catch (RequestRejectedException)
        {
            lost = true;
            throw;
        }
        finally
        {
            Task released = stream.EndAsync();
            _metrics.CompletionTokens.Inc(CompletionTokens);
            _metrics.ReasoningTokens.Inc(ReasoningTokens);

            // A lost worker may take its time to say so once more; the client need not wait for it.
            if (!lost)
            {
                await released;
            }
        }
    }

    private async Task<Finished> StreamAsync(PlacedStream stream, IServerStreamWriter<GenerateResponse> output, CancellationToken cancellationToken)
    {
        Placement placement = stream.Placement;
        long firstToken = _time.GetTimestamp();
        TimeSpan timeToFirstToken = _time.GetElapsedTime(_begun, firstToken);
        _metrics.TimeToFirstToken.Observe(timeToFirstToken.TotalSeconds);
        _metrics.QueueTime.Observe(placement.Queued.TotalSeconds);
        _metrics.PromptTokens.Inc(_request.Prompt.Length);
        _metrics.CachedPromptTokens.Inc(placement.CachedTokens);

        using CancellationTokenRegistration gone = cancellationToken.UnsafeRegister(
            static inbox => ((TokenInbox?)inbox)?.Stop(InboxEnd.Cancelled, string.Empty), stream.Inbox);
        foreach (AnswerAssembler answer in _answers)
        {
            answer.Begin(firstToken);
        }

        Delta delta = _answers[0].Accept(placement.First, firstToken);
        EndEarly(stream, 0);
        await WriteAsync(output, new GenerateResponse { Started = Start(placement) }, cancellationToken);
        foreach (PromptLogprobs part in PromptLogprobsParts.Of(_request.Prompt, placement.PromptScores))
        {
            await WriteAsync(output, new GenerateResponse { PromptLogprobs = part }, cancellationToken);
        }

        Finished? last = await WriteAsync(output, placement, 0, delta, timeToFirstToken, cancellationToken);
        while (last is null)
        {
            TokenBatch batch = await stream.Inbox!.TakeAsync(_time.GetTimestamp());
            if (batch.Count == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw stream.Inbox.End == InboxEnd.RequestFailed
                    ? RequestRejectedException.Failed(stream.Inbox.Fault)
                    : RequestRejectedException.Unavailable(stream.Inbox.Fault);
            }

            for (int from = 0; from < batch.Count && last is null;)
            {
                int sample = batch.Tokens[from].Sample;
                if (_answers[sample].IsOver)
                {
                    from++;
                    continue;
                }

                delta = _answers[sample].Accept(batch, ref from);
                EndEarly(stream, sample);
                last = await WriteAsync(output, placement, sample, delta, timeToFirstToken, cancellationToken);
            }
        }

        return last;
    }

    private bool IsOver => Array.TrueForAll(_answers, answer => answer.IsOver);

    private int CompletionTokens => _answers.Sum(answer => answer.CompletionTokens);

    private int ReasoningTokens => _answers.Sum(answer => answer.ReasoningTokens);

    /// <summary>Once an answer is over, its room is given back while the last messages go out.</summary>
    private void EndEarly(PlacedStream stream, int sample)
    {
        if (IsOver)
        {
            _ = stream.EndAsync();
        }
        else if (_answers[sample].MatchedString is not null)
        {
            // Its worker does not know stop strings.
            stream.EndSample(sample);
        }
    }

    /// <summary>Writes what a sample has come to, and its end if it is over.</summary>
    /// <returns>The stream's last message, if this was it.</returns>
    private async Task<Finished?> WriteAsync(
        IServerStreamWriter<GenerateResponse> output,
        Placement placement,
        int sample,
        Delta delta,
        TimeSpan timeToFirstToken,
        CancellationToken cancellationToken)
    {
        await WriteAsync(output, new GenerateResponse { Delta = delta }, cancellationToken);
        if (!_answers[sample].IsOver)
        {
            return null;
        }

        bool last = IsOver;
        Finished finished = Finish(sample);
        if (last)
        {
            finished.Usage = Count(placement);
            finished.Timing = Time(placement, timeToFirstToken);
        }

        await WriteAsync(output, new GenerateResponse { Finished = finished }, cancellationToken);
        return last ? finished : null;
    }

    private static async Task WriteAsync(IServerStreamWriter<GenerateResponse> output, GenerateResponse message, CancellationToken cancellationToken)
    {
        try
        {
            await output.WriteAsync(message, cancellationToken);
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException)
        {
            // What a transport throws into a call whose client has gone.
            throw new OperationCanceledException("The client's stream broke.", fault, cancellationToken);
        }
    }

    private Started Start(Placement placement) => new()
    {
        RequestId = _request.RequestId.ToString("N"),
        Model = _model.Name,
        WeightsFingerprint = _model.WeightsFingerprint,
        PromptTokens = _request.Prompt.Length,
        CachedPromptTokens = placement.CachedTokens,
        PrefillWorker = placement.Admission.Prefill.Key,
        DecodeWorker = placement.Ticket is null ? string.Empty : placement.Admission.Decode.Key,
        Seed = _request.Sampling.Seed,
    };

    private Finished Finish(int sample)
    {
        AnswerAssembler answer = _answers[sample];
        Finished finished = new() { Reason = answer.Reason, Index = sample };
        if (answer.MatchedString is string text)
        {
            finished.StopString = text;
        }
        else if (answer.MatchedToken is int token)
        {
            finished.StopTokenId = token;
        }

        return finished;
    }

    private Usage Count(Placement placement) => new()
    {
        PromptTokens = _request.Prompt.Length,
        CachedPromptTokens = placement.CachedTokens,
        CompletionTokens = CompletionTokens,
        ReasoningTokens = ReasoningTokens,
        DraftedTokens = _answers.Sum(answer => answer.DraftedTokens),
        AcceptedDraftTokens = _answers.Sum(answer => answer.AcceptedDraftTokens),
    };

    private Timing Time(Placement placement, TimeSpan timeToFirstToken) => new()
    {
        QueueSeconds = placement.Queued.TotalSeconds,
        TimeToFirstTokenSeconds = timeToFirstToken.TotalSeconds,
        TotalSeconds = _time.GetElapsedTime(_begun).TotalSeconds,
    };
}
