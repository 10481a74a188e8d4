using System.Collections.Concurrent;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A gateway that writes down what each stream brings: tokens in order, none lost or doubled, with the bits of their log-probabilities.</summary>
internal sealed class StreamBook : ITokenReceiver
{
    private readonly ConcurrentDictionary<Guid, Stream> _streams = new();

    /// <summary>Completes with the stream's tokens when it has ended.</summary>
    public Task<IReadOnlyList<string>> Listen(Guid request) => _streams.GetOrAdd(request, _ => new Stream()).Ended.Task;

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            _streams.GetOrAdd(token.RequestId, _ => new Stream()).Add(token, frame);
        }
    }

    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
    }

    private sealed class Stream
    {
        private readonly List<string> _tokens = [];

        public TaskCompletionSource<IReadOnlyList<string>> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Add(in TokenEvent token, TokenFrame frame)
        {
            if (token.End == TokenStreamEnd.Failed)
            {
                Ended.TrySetException(new InvalidOperationException(frame.ErrorOf(token.RequestId)));
                return;
            }

            // The first, which prefill samples, does not come this way.
            if (token.Index != _tokens.Count + 1)
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
