using System.Collections.Concurrent;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A gateway that writes down what each stream brings: tokens in order, none lost or doubled, with the bits of their log-probabilities.</summary>
internal sealed class StreamBook : ITokenReceiver, IDisposable
{
    private readonly ConcurrentDictionary<Guid, Stream> _streams = new();

    /// <summary>Released with each sign of life of a stream that waits.</summary>
    public SemaphoreSlim Signs { get; } = new(0);

    /// <summary>Completes with the stream's tokens when it has ended.</summary>
    /// <param name="request">Whose tokens they are.</param>
    /// <param name="first">Index of the first that comes: prefill gives the very first one of sample 0.</param>
    public Task<IReadOnlyList<string>> Listen(Guid request, int first = 1) => _streams.GetOrAdd(request, _ => new Stream(first)).Ended.Task;

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            if (token.IsSignOfLife)
            {
                Signs.Release();
                continue;
            }

            _streams.GetOrAdd(token.RequestId, _ => new Stream(1)).Add(token, frame);
        }
    }

    public void Dispose() => Signs.Dispose();

    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
    }

    private sealed class Stream(int first)
    {
        private readonly List<string> _tokens = [];

        public TaskCompletionSource<IReadOnlyList<string>> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Add(in TokenEvent token, TokenFrame frame)
        {
            if (token.End >= TokenStreamEnd.Failed)
            {
                Ended.TrySetException(new InvalidOperationException(frame.ErrorOf(token.RequestId)));
                return;
            }

            if (token.Index != _tokens.Count + first)
            {
                Ended.TrySetException(new InvalidOperationException($"token {token.Index} comes after {_tokens.Count}"));
            }

            string top = string.Join(' ', frame.TopLogprobs.Slice(token.TopStart, token.TopCount).ToArray().Select(BitConverter.SingleToUInt32Bits));
            _tokens.Add($"{token.Token} {BitConverter.SingleToUInt32Bits(token.Logprob)} {top}");
            if (token.End != TokenStreamEnd.None)
            {
                Ended.TrySetResult(_tokens);
            }
        }
    }
}
