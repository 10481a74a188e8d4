using Grpc.Core;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>Turns planned requests into calls: the same plan, the same bytes.</summary>
internal sealed class RequestBuilder(InferenceService.InferenceServiceClient client, LoadOptions options)
{
    /// <summary>Prepares a call; nothing is sent before it is made.</summary>
    public Func<CallOptions, AsyncServerStreamingCall<GenerateResponse>> Prepare(PlannedRequest planned)
    {
        PromptContent content = planned.Prompt();
        SamplingOptions sampling = new() { MaxTokens = planned.OutputTokens, Temperature = options.Temperature };
        if (options.Temperature > 0)
        {
            sampling.Seed = DrawPurpose.Sampling.Draw(options.Seed, (ulong)planned.Index).NextBits();
        }

        StopOptions stop = new() { IgnoreEos = !options.StopAtEos };
        if (options.Chat && content.Text is { } message)
        {
            ChatRequest chat = new() { Model = options.Model, Sampling = sampling, Stop = stop, Scheduling = options.Scheduling };
            chat.Messages.Add(new ChatMessage { Role = ChatMessage.Types.Role.User, Content = message });
            return call => client.Chat(chat, call);
        }

        GenerateRequest request = new() { Model = options.Model, Sampling = sampling, Stop = stop, Scheduling = options.Scheduling };
        if (content.TokenIds is { } tokens)
        {
            request.TokenIds = new TokenIds();
            request.TokenIds.Ids.AddRange(tokens);
        }
        else
        {
            request.Text = content.Text;
        }

        return call => client.Generate(request, call);
    }
}
