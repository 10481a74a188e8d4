using Grpc.Core;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Demo.Breathe;

/// <summary>Asks as many questions as an hour of the day has, and counts what becomes of them.</summary>
internal sealed class DayLoad(InferenceService.InferenceServiceClient client, TimeProvider time)
{
    private const int Tokens = 24;
    private const double LeastPerSecond = 1;
    private const double MostPerSecond = 16;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(1);

    private readonly List<Task> _running = [];
    private int _asked;
    private int _answered;
    private string? _fault;

    /// <summary>Questions asked so far.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Of these, the ones answered in full.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>What became of the first that failed; null if none has.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Questions a second at an hour of the day: few at night, most at one in the afternoon.</summary>
    public static double RateAt(TimeSpan hour) => LeastPerSecond + ((MostPerSecond - LeastPerSecond) * Math.Max(0, Math.Sin((hour.TotalHours - 6) / 14 * Math.PI)));

    /// <summary>Asks until told to stop, and waits for the answers.</summary>
    /// <param name="clock">The clock that shows the hour.</param>
    /// <param name="stop">Ends the asking.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public async Task RunAsync(TimeProvider clock, CancellationToken stop, CancellationToken cancellationToken)
    {
        while (!stop.IsCancellationRequested)
        {
            _running.RemoveAll(task => task.IsCompleted);
            _running.Add(AskAsync(Interlocked.Increment(ref _asked), cancellationToken));
            await Task.Delay(TimeSpan.FromSeconds(1 / RateAt(clock.GetUtcNow().TimeOfDay)), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_running);
    }

    private async Task AskAsync(int number, CancellationToken cancellationToken)
    {
        ChatRequest request = new()
        {
            Messages = { new ChatMessage { Role = ChatMessage.Types.Role.User, Content = $"What is {100 + (number % 800)} + {(number * 7) % 900}?" } },
            Sampling = new SamplingOptions { Temperature = 0, MinTokens = Tokens, MaxTokens = Tokens },
        };
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            int tokens = 0;
            using AsyncServerStreamingCall<GenerateResponse> call = client.Chat(request, cancellationToken: limit.Token);
            await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync(limit.Token))
            {
                tokens += response.Delta?.TokenIds.Count ?? 0;
            }

            if (tokens == Tokens)
            {
                Interlocked.Increment(ref _answered);
            }
            else
            {
                Interlocked.CompareExchange(ref _fault, $"question {number} had {tokens} of {Tokens} tokens", null);
            }
        }
        catch (RpcException fault) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref _fault, $"question {number}: {fault.Status.StatusCode}: {fault.Status.Detail}", null);
        }
    }
}
