using System.Collections.Concurrent;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A gateway that keeps the tokens of every sample, and counts those that have ended.</summary>
internal sealed class SampleLog : ITokenReceiver, IDisposable
{
    private readonly SemaphoreSlim _ended = new(0);

    public ConcurrentDictionary<Guid, List<(int Token, int LogprobBits)>> Tokens { get; } = [];

    public ConcurrentDictionary<Guid, TokenStreamEnd> Ends { get; } = [];

    public ConcurrentQueue<string> Errors { get; } = [];

    /// <summary>Waits until so many more samples have ended.</summary>
    public async Task WaitAsync(int samples)
    {
        for (int i = 0; i < samples; i++)
        {
            Assert.True(await _ended.WaitAsync(TimeSpan.FromMinutes(1)), "A sample did not end.");
        }
    }

    public void Dispose() => _ended.Dispose();

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            if (token.IsSignOfLife)
            {
                continue;
            }

            if (token.End >= TokenStreamEnd.Failed)
            {
                Errors.Enqueue(frame.ErrorOf(token.RequestId) ?? "");
            }
            else
            {
                List<(int, int)> tokens = Tokens.GetOrAdd(token.RequestId, _ => []);
                tokens.Add((token.Token, BitConverter.SingleToInt32Bits(token.Logprob)));
            }

            if (token.End != TokenStreamEnd.None)
            {
                Ends[token.RequestId] = token.End;
                _ended.Release();
            }
        }
    }

    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
    }
}
