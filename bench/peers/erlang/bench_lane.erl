%% The part that bench/erlang.ts talks to: reads a task from stdin, then measures it for each line.
-module(bench_lane).
-export([main/1, batches/3, downs/2, gather/2, times/2, watch/3, weigh/2]).

-define(WARM_UPS, 3).

main(Module) ->
    {ok, {Task, Ops, Size}} = io:read(""),
    case Module:prepare(Task, maps:from_list(Size)) of
        absent ->
            io:put_chars("absent\n");
        Round ->
            warm_up(Round, Ops, ?WARM_UPS),
            io:put_chars("ready\n"),
            turns(Round, Ops)
    end,
    halt().

%% What gives values of its own is done once, and not warmed up.
warm_up(_Round, _Ops, 0) -> ok;
warm_up(Round, Ops, Left) when is_function(Round, 1) ->
    Round(Ops),
    warm_up(Round, Ops, Left - 1);
warm_up(_Round, _Ops, _Left) -> ok.

turns(Round, Ops) ->
    case io:get_line("") of
        "go\n" ->
            turn(Round, Ops),
            turns(Round, Ops);
        eof ->
            ok;
        _ ->
            turns(Round, Ops)
    end.

turn({values, Measure}, _Ops) ->
    io:format("values~s~n", [[io_lib:format(" ~w", [Value]) || Value <- Measure()]]);
turn(Round, Ops) ->
    [erlang:garbage_collect(Pid) || Pid <- few_processes()],
    Start = erlang:monotonic_time(nanosecond),
    Result = Round(Ops),
    io:format("~w ~w~n", [erlang:monotonic_time(nanosecond) - Start, Result]).

%% With many, to collect the garbage of each would take longer than the round.
few_processes() ->
    case erlang:system_info(process_count) of
        Count when Count < 2000 -> processes();
        _ -> [self()]
    end.

%% Does a number of operations, so many at a time, and adds up what that gives.
batches(Ops, _AtOnce, _Do) when Ops =< 0 -> 0;
batches(Ops, AtOnce, Do) ->
    Do(min(Ops, AtOnce)) + batches(Ops - AtOnce, AtOnce, Do).

%% Receives so many of one message.
gather(_Message, 0) -> ok;
gather(Message, Left) ->
    receive
        Message -> gather(Message, Left - 1)
    end.

times(0, _Do) -> ok;
times(Left, Do) ->
    Do(),
    times(Left - 1, Do).

%% How many of so many ended as they should.
downs(Count, Reason) -> downs(Count, Reason, 0).
downs(0, _Reason, Right) -> Right;
downs(Left, Reason, Right) ->
    receive
        {'DOWN', _, process, _, Reason} -> downs(Left - 1, Reason, Right + 1);
        {'DOWN', _, process, _, _} -> downs(Left - 1, Reason, Right)
    end.

%% Bytes for each of so many processes: of the operating system, and of the emulator.
weigh(Count, SpawnAll) ->
    {Rss, Total} = used(),
    Pids = SpawnAll(),
    {RssNow, TotalNow} = used(),
    Count = length(Pids),
    [(RssNow - Rss) / Count, (TotalNow - Total) / Count].

used() ->
    [erlang:garbage_collect(Pid) || Pid <- few_processes()],
    Pages = string:split(os:cmd("cat /proc/" ++ os:getpid() ++ "/statm"), " ", all),
    {list_to_integer(lists:nth(2, Pages)) * 4096, erlang:memory(total)}.

%% What others see of a flood, in ms: how long a timer of 1 ms takes, and a call to somebody else.
watch(Ms, Flood, Ask) ->
    {Timers, Calls} = watch(erlang:monotonic_time(millisecond) + Ms, Ask, [], []),
    exit(Flood, kill),
    [part(Timers, 0.5), part(Timers, 0.99), part(Calls, 0.5), part(Calls, 0.99)].

watch(End, Ask, Timers, Calls) ->
    Start = erlang:monotonic_time(nanosecond),
    receive after 1 -> ok end,
    Woken = erlang:monotonic_time(nanosecond),
    Ask(),
    Asked = erlang:monotonic_time(nanosecond),
    Seen = {[Woken - Start | Timers], [Asked - Woken | Calls]},
    case erlang:monotonic_time(millisecond) < End of
        true -> watch(End, Ask, element(1, Seen), element(2, Seen));
        false -> Seen
    end.

part(Nanos, Part) ->
    Sorted = lists:sort(Nanos),
    lists:nth(trunc(length(Sorted) * Part) + 1, Sorted) / 1.0e6.
