using Grpc.Core;
using OrleansServe.Protocol.V1;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>
/// A client that means no good: prompts and answers of any size, fields that are wrong, calls that are left, streams that are not read. Its seed decides
/// what it asks.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="random">Its own: several run side by side.</param>
internal sealed class HostileTraffic(InferenceService.InferenceServiceClient client, Random random)
{
    private const int Bytes = 256;
    private const int FarTooLong = 6000;
    private const int OversizeBytes = 17 << 20;
    private static readonly int[] Extremes = [int.MinValue, -1, 0, 1, 2, 16, 17, 1000, 4096, int.MaxValue];
    private static readonly float[] Oddities = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -1, 0, 1e-30f, 0.5f, 1, 2.5f, float.MaxValue];

    /// <summary>Makes one call and sees it to its end.</summary>
    /// <param name="leave">Completes when a client that does not read, or reads slowly, goes on.</param>
    /// <returns>How it ended.</returns>
    public async Task<StatusCode> CallAsync(Func<Task> leave)
    {
        using CancellationTokenSource gone = new();
        try
        {
            using AsyncServerStreamingCall<GenerateResponse> call = random.Next(4) == 0 ? client.Chat(Chat(), cancellationToken: gone.Token) : client.Generate(Generate(), cancellationToken: gone.Token);
            await ReadAsync(call, gone, leave);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private async Task ReadAsync(AsyncServerStreamingCall<GenerateResponse> call, CancellationTokenSource gone, Func<Task> leave)
    {
        int patience = random.Next(3) == 0 ? random.Next(12) : int.MaxValue;
        bool slow = random.Next(4) == 0;
        for (int messages = 0; messages < patience; messages++)
        {
            if (slow)
            {
                await leave();
            }

            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                return;
            }
        }

        // Some say that they leave, others are just gone when the call is disposed of.
        if (random.Next(2) == 0)
        {
            await gone.CancelAsync();
        }
    }

    private GenerateRequest Generate()
    {
        GenerateRequest request = new() { Sampling = Sampling(), Stop = Stop(), Output = Output() };
        switch (random.Next(24))
        {
            case 0:
                break;
            case 1:
                request.Text = new string('x', OversizeBytes);
                break;
            case 2:
                request.Text = "\0\uFFFF" + new string('é', random.Next(FarTooLong));
                break;
            case 3:
                request.TokenIds = Ids(random.Next(FarTooLong), random.Next(2) == 0 ? Bytes : int.MaxValue);
                break;
            default:
                request.TokenIds = Ids(random.Next(3) == 0 ? random.Next(1500) : random.Next(200), Bytes);
                break;
        }

        return request;
    }

    private ChatRequest Chat()
    {
        ChatRequest request = new() { Sampling = Sampling(), Stop = Stop(), Output = Output(), Thinking = random.Next(2) == 0 };
        for (int i = random.Next(5); i >= 0; i--)
        {
            request.Messages.Add(new ChatMessage { Role = (ChatMessage.Types.Role)random.Next(1, 5), Content = new string('7', random.Next(400)) });
        }

        if (random.Next(2) == 0)
        {
            request.Messages.Add(new ChatMessage { Role = ChatMessage.Types.Role.User, Content = "What is 7 + 7?" });
        }

        return request;
    }

    private SamplingOptions Sampling()
    {
        // Most are all right but for one field, since the first fault hides the others.
        SamplingOptions options = new() { MaxTokens = random.Next(1, 300), Temperature = random.Next(2) };
        switch (random.Next(20))
        {
            case 0:
                options.MaxTokens = Extreme();
                break;
            case 1:
                options.Temperature = Odd();
                break;
            case 2:
                options.TopP = Odd();
                break;
            case 3:
                options.TopK = Extreme();
                break;
            case 4:
                options.MinP = Odd();
                break;
            case 5:
                options.RepetitionPenalty = Odd();
                break;
            case 6:
                options.FrequencyPenalty = Odd();
                break;
            case 7:
                options.PresencePenalty = Odd();
                break;
            case 8:
                options.LogitBias.Add(random.Next(-2, 600), Odd());
                break;
            case 9:
                options.MinTokens = Extreme();
                break;
            case 10:
                options.N = Extreme();
                break;
            default:
                options.N = random.Next(4) == 0 ? random.Next(1, 9) : 1;
                break;
        }

        return options;
    }

    private StopOptions Stop() => random.Next(8) switch
    {
        0 => new StopOptions { Strings = { "", new string('z', random.Next(2000)) } },
        1 => new StopOptions { TokenIds = { Extreme() } },
        2 => new StopOptions { Strings = { "1", "ab" } },
        _ => new StopOptions { IgnoreEos = true },
    };

    private OutputOptions Output() => random.Next(8) switch
    {
        0 => new OutputOptions { Logprobs = true, TopLogprobs = Extreme() },
        1 => new OutputOptions { PromptLogprobs = true, PromptTopLogprobs = random.Next(25) },
        2 => new OutputOptions { Logprobs = true, TopLogprobs = 5 },
        _ => new OutputOptions(),
    };

    private TokenIds Ids(int count, int below)
    {
        TokenIds ids = new();
        ids.Ids.AddRange(Enumerable.Range(0, count).Select(_ => random.Next(below)));
        return ids;
    }

    private int Extreme() => Extremes[random.Next(Extremes.Length)];

    private float Odd() => Oddities[random.Next(Oddities.Length)];
}
