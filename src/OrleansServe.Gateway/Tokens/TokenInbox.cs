using System.Threading.Tasks.Sources;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Gateway.Tokens;

/// <summary>
/// Where one request's tokens, those of all its samples, wait between the data plane's thread, which must not be held up, and the session, which may
/// wait for a slow client. Bounded by the tokens that the request may produce. One reader; any number of writers.
/// </summary>
internal sealed class TokenInbox : IValueTaskSource<TokenBatch>, IThreadPoolWorkItem
{
    private const int Over = -1;
    private readonly Lock _lock = new();
    private readonly int _limit;
    private TokenBatch _incoming = new();
    private TokenBatch _taken = new();
    private ManualResetValueTaskSourceCore<TokenBatch> _arrival;
    private TokenChannelId? _channel;
    private List<TokenChannelId>? _lostBefore;
    private bool _waiting;
    private readonly Guid[] _ids;
    private readonly int _firstSample;
    private readonly TaskCompletionSource _doubted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // By sample, the index of the token that is due; Over once none is.
    private readonly int[] _next;
    private int _open;
    private long _lastActivity;

    /// <param name="requestId">The request.</param>
    /// <param name="worker">Key of the worker that will send.</param>
    /// <param name="firstIndex">Index of the first token that is due of sample 0; the others begin with theirs.</param>
    /// <param name="limit">Index that no token reaches: the tokens that a sample may have.</param>
    /// <param name="now">The present, in ticks of the time provider.</param>
    /// <param name="samples">How many samples the worker produces.</param>
    /// <param name="firstSample">Which sample of the client's request the first of them is: the session knows them by that number.</param>
    public TokenInbox(Guid requestId, string worker, int firstIndex, int limit, long now, int samples = 1, int firstSample = 0)
    {
        _firstSample = firstSample;
        RequestId = requestId;
        Worker = worker;
        _ids = [.. Enumerable.Range(0, samples).Select(sample => SampleId.Of(requestId, sample))];
        _next = new int[samples];
        _next[0] = firstIndex;
        _open = samples;
        _limit = limit;
        _lastActivity = now;
    }

    /// <summary>The request.</summary>
    public Guid RequestId { get; }

    /// <summary>Key of the worker that sends.</summary>
    public string Worker { get; }

    /// <summary>How long nothing may come while somebody waits; null for the router's own limit.</summary>
    public TimeSpan? LongestSilence { get; init; }

    /// <summary>Under which names the tokens of its samples come.</summary>
    public ReadOnlySpan<Guid> Ids => _ids;

    /// <summary>Why nothing more will come; read once a batch came empty.</summary>
    public InboxEnd End { get; private set; }

    /// <summary>For the client, what went wrong; empty where nothing did.</summary>
    public string Fault { get; private set; } = string.Empty;

    /// <summary>Completes when nothing more will come though more is due: who waits for another worker's answer need not wait on.</summary>
    public Task Lost => _lost.Task;

    /// <summary>Completes when a channel of the worker breaks before it is known which one is this request's: whoever waits for that need not wait on.</summary>
    public Task Doubted => _doubted.Task;

    /// <summary>Tokens that came twice and were dropped.</summary>
    public int Duplicates { get; private set; }

    /// <summary>The worker has said over which channel the tokens come. If that one is lost already, nothing will.</summary>
    public void Bind(TokenChannelId channel)
    {
        bool lost;
        lock (_lock)
        {
            _channel ??= channel;
            lost = _lostBefore?.Contains(channel) == true;
        }

        if (lost)
        {
            StopLost();
        }
    }

    /// <summary>Whether tokens that come over a channel are meant: those of the channel over which the first one came, or which the worker named.</summary>
    public bool Takes(TokenChannelId channel)
    {
        lock (_lock)
        {
            _channel ??= channel;
            return _channel == channel;
        }
    }

    /// <summary>A channel of the worker is lost. If it is this request's, nothing more will come; as long as that is not known, it is remembered.</summary>
    /// <returns>Whether it is this request's.</returns>
    public bool Lose(TokenChannelId channel)
    {
        lock (_lock)
        {
            if (_channel is null)
            {
                (_lostBefore ??= []).Add(channel);
                _doubted.TrySetResult();
            }

            if (_channel != channel)
            {
                return false;
            }
        }

        StopLost();
        return true;
    }

    /// <summary>Takes in an event of a frame; the frame is not kept.</summary>
    /// <returns>Whether the session waits for it: <see cref="Execute"/> is to be called once for that, on a thread that may run the session.</returns>
    public bool Offer(in TokenEvent token, TokenFrame frame, long now)
    {
        lock (_lock)
        {
            _lastActivity = now;
            int sample = Array.IndexOf(_ids, token.RequestId);
            if (token.IsSignOfLife || End != InboxEnd.None || sample < 0 || _next[sample] == Over)
            {
                return false;
            }

            int due = _next[sample];
            if (token.End >= TokenStreamEnd.Failed)
            {
                InboxEnd end = token.End switch
                {
                    TokenStreamEnd.Impossible => InboxEnd.RequestFailed,
                    TokenStreamEnd.HandedOver => InboxEnd.HandedOver,
                    _ => InboxEnd.WorkerFailed,
                };
                Close(end, $"Worker {Worker} cannot go on: {frame.ErrorOf(token.RequestId) ?? "it gave no reason"}.");
            }
            else if (token.Index < due)
            {
                Duplicates++;
                return false;
            }
            else if (token.Index != due || token.Index >= _limit)
            {
                Close(InboxEnd.OutOfOrder, $"Worker {Worker} sent token {token.Index} where token {due} of at most {_limit} was due.");
            }
            else
            {
                _next[sample]++;
                _incoming.Add(
                    _firstSample + sample,
                    token.Token,
                    token.Logprob,
                    frame.TopTokens.Slice(token.TopStart, token.TopCount),
                    frame.TopLogprobs.Slice(token.TopStart, token.TopCount),
                    token.Origin,
                    token.End,
                    now);
                if (token.End != TokenStreamEnd.None)
                {
                    CloseSample(sample);
                }
            }

            bool awaited = _waiting;
            _waiting = false;
            return awaited;
        }
    }

    /// <summary>Nothing more of a sample is wanted. By the session, between two calls of <see cref="TakeAsync"/>.</summary>
    public void EndSample(int sample)
    {
        lock (_lock)
        {
            CloseSample(sample - _firstSample);
        }
    }

    /// <summary>Nothing more will come. What has come is still read, unless the client is gone.</summary>
    public void Stop(InboxEnd end, string fault)
    {
        lock (_lock)
        {
            if (end == InboxEnd.Cancelled)
            {
                _incoming.Clear();
            }
            else if (End != InboxEnd.None)
            {
                return;
            }

            Close(end, fault);
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
        }

        // Not here: whoever stops it may hold a lock, or have others to stop.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Stops the request if its session has waited for too long.</summary>
    public void StopIfStalled(TimeProvider time, long now, TimeSpan limit)
    {
        TimeSpan longest = LongestSilence ?? limit;
        lock (_lock)
        {
            if (!_waiting || time.GetElapsedTime(_lastActivity, now) < longest)
            {
                return;
            }
        }

        Stop(InboxEnd.Stalled, $"Worker {Worker} sent nothing for {longest.TotalSeconds:0.###} s.");
    }

    /// <summary>
    /// The tokens that have come since the last call, at least one; or an empty batch, and <see cref="End"/> says why there are no more. The batch
    /// is valid until the next call.
    /// </summary>
    /// <param name="now">The present, in ticks of the time provider.</param>
    /// <exception cref="InvalidOperationException">A call before this one is still waiting.</exception>
    public ValueTask<TokenBatch> TakeAsync(long now)
    {
        lock (_lock)
        {
            if (_waiting)
            {
                throw new InvalidOperationException($"Request {RequestId:N} has two readers.");
            }

            if (_incoming.Count > 0 || End != InboxEnd.None)
            {
                return new ValueTask<TokenBatch>(Swap());
            }

            _lastActivity = now;
            _arrival.Reset();
            _waiting = true;
            return new ValueTask<TokenBatch>(this, _arrival.Version);
        }
    }

    TokenBatch IValueTaskSource<TokenBatch>.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<TokenBatch>.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource<TokenBatch>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);

    private void CloseSample(int sample)
    {
        if (_next[sample] != Over)
        {
            _next[sample] = Over;
            if (--_open == 0 && End == InboxEnd.None)
            {
                Close(InboxEnd.Finished, string.Empty);
            }
        }
    }

    private void StopLost() => Stop(InboxEnd.WorkerLost, $"The connection to worker {Worker} broke.");

    private void Close(InboxEnd end, string fault)
    {
        End = end;
        Fault = fault;
        if (end is not (InboxEnd.Finished or InboxEnd.Cancelled))
        {
            _lost.TrySetResult();
        }
    }

    private TokenBatch Swap()
    {
        (_incoming, _taken) = (_taken, _incoming);
        _incoming.Clear();
        return _taken;
    }

    /// <summary>Hands what has come to the session that waits for it, and runs that until it waits again.</summary>
    public void Execute()
    {
        TokenBatch batch;
        lock (_lock)
        {
            batch = Swap();
        }

        _arrival.SetResult(batch);
    }
}
