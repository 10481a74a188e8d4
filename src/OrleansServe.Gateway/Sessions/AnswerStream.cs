using Grpc.Core;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// The client's stream of one request: one Started, the prompt's log-probabilities, Deltas, one Finished for each sample, the last with the usage of the
/// whole. Samples that go on apart write side by side; their messages take turns.
/// </summary>
internal sealed class AnswerStream : IDisposable
{
    private readonly IServerStreamWriter<GenerateResponse> _output;
    private readonly Generation _request;
    private readonly GatewayModel _model;
    private readonly AnswerAssembler[] _answers;
    private readonly TimeProvider _time;
    private readonly long _begun;

    // A single sample has its stream to itself.
    private readonly SemaphoreSlim? _turn;
    private Placement? _placement;
    private TimeSpan _timeToFirstToken;
    private int _open;
    private int _resumes;

    /// <param name="output">The client's stream.</param>
    /// <param name="request">The request.</param>
    /// <param name="model">The model served.</param>
    /// <param name="answers">Its samples.</param>
    /// <param name="time">The clock.</param>
    /// <param name="begun">When the request arrived, in ticks of the clock.</param>
    public AnswerStream(IServerStreamWriter<GenerateResponse> output, Generation request, GatewayModel model, AnswerAssembler[] answers, TimeProvider time, long begun)
    {
        _output = output;
        _request = request;
        _model = model;
        _answers = answers;
        _time = time;
        _begun = begun;
        _open = answers.Length;
        _turn = answers.Length > 1 ? new SemaphoreSlim(1, 1) : null;
    }

    /// <summary>The stream's last message, once it is written.</summary>
    public Finished? Last { get; private set; }

    /// <summary>Counts that a sample goes on elsewhere. Samples that went apart do so side by side.</summary>
    public void CountResume() => Interlocked.Increment(ref _resumes);

    /// <summary>Says who serves the request, and what its prompt's log-probabilities are.</summary>
    /// <param name="placement">Its first one: what the client is told is that of a request that nothing interrupts.</param>
    /// <param name="timeToFirstToken">From its arrival.</param>
    /// <param name="cancellationToken">The client's going.</param>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task StartAsync(Placement placement, TimeSpan timeToFirstToken, CancellationToken cancellationToken)
    {
        _placement = placement;
        _timeToFirstToken = timeToFirstToken;
        await SendAsync(new GenerateResponse { Started = Start(placement) }, cancellationToken);
        foreach (PromptLogprobs part in PromptLogprobsParts.Of(_request.Prompt, placement.PromptScores))
        {
            await SendAsync(new GenerateResponse { PromptLogprobs = part }, cancellationToken);
        }
    }

    /// <summary>Writes what a sample has come to, and its end if it is over.</summary>
    /// <param name="sample">Which one.</param>
    /// <param name="delta">What is new of it.</param>
    /// <param name="cancellationToken">The client's going.</param>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task WriteAsync(int sample, Delta delta, CancellationToken cancellationToken)
    {
        if (_turn is not null)
        {
            await _turn.WaitAsync(cancellationToken);
        }

        try
        {
            await SendAsync(new GenerateResponse { Delta = delta }, cancellationToken);
            if (_answers[sample].IsOver)
            {
                await FinishAsync(sample, cancellationToken);
            }
        }
        finally
        {
            _turn?.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn?.Dispose();

    private async Task FinishAsync(int sample, CancellationToken cancellationToken)
    {
        Finished finished = Finish(sample);
        bool last = --_open == 0;
        if (last)
        {
            finished.Usage = Count();
            finished.Timing = Time();
        }

        await SendAsync(new GenerateResponse { Finished = finished }, cancellationToken);
        Last = last ? finished : null;
    }

    private async Task SendAsync(GenerateResponse message, CancellationToken cancellationToken)
    {
        try
        {
            await _output.WriteAsync(message, cancellationToken);
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

    private Usage Count() => new()
    {
        PromptTokens = _request.Prompt.Length,
        CachedPromptTokens = _placement!.CachedTokens,
        CompletionTokens = _answers.Sum(answer => answer.CompletionTokens),
        ReasoningTokens = _answers.Sum(answer => answer.ReasoningTokens),
        DraftedTokens = _answers.Sum(answer => answer.DraftedTokens),
        AcceptedDraftTokens = _answers.Sum(answer => answer.AcceptedDraftTokens),
    };

    private Timing Time() => new()
    {
        QueueSeconds = _placement!.Queued.TotalSeconds,
        TimeToFirstTokenSeconds = _timeToFirstToken.TotalSeconds,
        TotalSeconds = _time.GetElapsedTime(_begun).TotalSeconds,
        Resumes = Volatile.Read(ref _resumes),
    };
}
