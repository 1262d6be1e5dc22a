package interop

func threadiverseObjects() []fixture {
	return []fixture{
		{file: "threadiverse/discourse/objects/group.json", want: `
			Group @threadiverse-wg@socialhub.activitypub.rocks, "Threadiverse Working Group (SocialHub)"
			group
			avatar: https://socialhub.activitypub.rocks/uploads/default/original/1X/8faac84234dc73d074dadaa2bcf24dc746b8647f.png
			page: https://socialhub.activitypub.rocks/c/meeting/threadiverse-wg/88`},
		{file: "threadiverse/friendica/objects/page_1.json", want: `
			Page by @heluecht@pirati.ca, unlisted, de
			text: <p><strong>ISS astronauts perform final spacewalk of Expedition 66</strong></p>Expedition 66 astronauts…<a href="https://www.nasaspaceflight.com/2022/03/us-eva-80/"…
			mentions: testcom@ds9.lemmy.ml
			at: 2022-03-24T07:17:21.000Z`},
		{file: "threadiverse/friendica/objects/person_1.json", want: `
			Person @jakob@soc.schuerz.at, "Jakob :friendica:"
			locked
			discoverable
			note: Linux, FOSS, Öffentlicher Verkehr, Eisenbahn, Radfahren, Fußgehen, Verkehrsplanung, Städtebau,…(jun), Bash,<br /><br />#FediverseOnlyAccount
			field: Mobilizon = @jakob@events.schuerz.at<br />@jakob@events.tulln.social
			field: Lemmy = <a href="https://lemmy.schuerz.at/u/jakob" target="_blank" rel="nofollow noopener noreferrer">https://lemmy.schuerz.at/u/jakob</a>
			field: Funkwhale = <a href="https://radio.schuerz.at/@jakob/" target="_blank" rel="nofollow noopener noreferrer">https://radio.schuerz.at/@jakob/</a>
			field: Peertube = <a href="https://kino.schuerz.at/a/jakob" target="_blank" rel="nofollow noopener noreferrer">https://kino.schuerz.at/a/jakob</a>
			field: Pixelfed = <a href="https://japix.schuerz.at/jakob" target="_blank" rel="nofollow noopener noreferrer">https://japix.schuerz.at/jakob</a>
			field: about: = This is an OpenPGP proof that connects my OpenPGP key to this Peertube account. For …fpr:FED82F1C73FF53FB1EE9926336615E0FD12833CF]
			avatar: https://soc.schuerz.at/photo/profile/jakob.png?ts=1630598950`},
		{file: "threadiverse/friendica/objects/person_2.json", want: `
			Organization @informapirata@poliverso.org, "Informa Pirata"
			discoverable
			note: Politica Pirata: informazione su #whistleblowing #dirittidigitali #sovranitàdigitale #copyrigh…ce #opendata <br />➡️➡️ http://T.ME/PPINFORMA
			field: Telegram = https://T.ME/PPINFORMA
			field: Mastodon = <a href="https://mastodon.uno/@informapirata" target="_blank" rel="nofollow noopener noreferrer">https://mastodon.uno/@informapirata</a>
			avatar: https://poliverso.org/photo/profile/informapirata.png?ts=1630486460`},
		{file: "threadiverse/gnusocial/objects/group.json", want: `
			nothing: https://instance.gnusocial.test/actor/21: it has no public key of its own`},
		{file: "threadiverse/gnusocial/objects/page.json", want: `
			Page by @diogo@instance.gnusocial.test, public
			text: <p><strong>hello, world.</strong></p><p>This is an interesting page.</p><p><a href="https://in…n class="invisible">/note/1338</span></a></p>
			at: 2022-03-17T23:30:26.000Z`},
		{file: "threadiverse/gnusocial/objects/person.json", want: `
			Person @diogo@instance.gnusocial.test, "Diogo Peralta Cordeiro"
			page: https://instance.gnusocial.test/@diogo`},
		// The posts are others': a profile's pins are its own.
		{file: "threadiverse/lemmy/collections/group_featured_posts.json", find: "https://ds9.lemmy.ml/c/main", given: owner("https://ds9.lemmy.ml/c/main", "featured", "https://ds9.lemmy.ml/c/main/featured"), want: `
			Group @main@ds9.lemmy.ml, "main"
			group`},
		{file: "threadiverse/lemmy/collections/group_followers.json", find: "https://enterprise.lemmy.ml/c/main", given: owner("https://enterprise.lemmy.ml/c/main", "", ""), want: `
			Group @main@enterprise.lemmy.ml, …
			group
			…
			followers: 3`},
		{file: "threadiverse/lemmy/collections/group_outbox.json", find: "https://ds9.lemmy.ml/c/testcom", given: owner("https://ds9.lemmy.ml/c/testcom", "", ""), want: `
			Group @testcom@ds9.lemmy.ml, …
			group
			…
			statuses: 2`},
		{file: "threadiverse/lemmy/objects/comment.json", want: `
			Note by @picard@enterprise.lemmy.ml, public, fr
			text: <p>first comment!</p>⏎
			reply to: https://enterprise.lemmy.ml/post/55143
			mentions: tenforward@enterprise.lemmy.ml
			at: 2021-03-01T13:42:43.966Z
			edited: 2021-03-01T13:43:03.955Z`},
		{file: "threadiverse/lemmy/objects/page.json", want: `
			Page by @picard@enterprise.lemmy.ml, public, fr
			text: <p><strong>Post title</strong></p><p>This is a post in the /c/tenforward community</p>…
			image: https://enterprise.lemmy.ml/pictrs/image/eOtYb9iEiB.png
			mentions: tenforward@enterprise.lemmy.ml
			at: 2021-02-26T12:35:34.292Z`},
		{file: "threadiverse/lemmy/objects/page_image_and_link.json", want: `
			Page by @picard@enterprise.lemmy.ml, public, fr
			text: <p><strong>Post with image and link</strong></p><p>This is a post with both an image and a link attachment</p>…<a href="https://example.com/some-article"…
			image: https://enterprise.lemmy.ml/pictrs/image/eOtYb9iEiB.png
			at: 2021-02-26T12:35:34.292Z`},
		{file: "threadiverse/lemmy/objects/person.json", want: `
			Person @picard@enterprise.lemmy.ml, "Jean-Luc Picard"
			note: <p>Captain of the starship <strong>Enterprise</strong>.</p>⏎
			avatar: https://enterprise.lemmy.ml/pictrs/image/ed9ej7.jpg
			header: https://enterprise.lemmy.ml/pictrs/image/XenaYI5hTn.png`},
		{file: "threadiverse/lemmy/objects/private_message.json", swap: []string{"https://queer.hacktivis.me/users/lanodan", "{alice}"}, create: true, want: `
			Note by @picard@enterprise.lemmy.ml, direct, at home
			text: <p>Hello hello, testing</p>⏎
			mentions: alice
			at: 2021-10-21T10:13:14.597Z
			notification: mention @picard@enterprise.lemmy.ml`},
		{file: "threadiverse/lemmy/objects/tombstone.json", want: `
			nothing: https://lemmy.ml/comment/110273 has the type "Tombstone", which is not a status`},
		{file: "threadiverse/lotide/objects/group.json", want: `
			Group @Iotide@narwhal.city, "Iotide"
			group
			note: <p>This is for talking about lotide</p><p>I accidentally called it iotide because I misread the text when I made it lol</p>`},
		{file: "threadiverse/lotide/objects/note.json", want: `
			Note by @57H@narwhal.city, unlisted
			text: <p>ed: now featuring Bob Dylan and RNG</p>⏎
			reply to: https://narwhal.city/posts/9
			at: 2020-12-31T06:47:24.470Z`},
		{file: "threadiverse/lotide/objects/person.json", want: `
			Person @57H@narwhal.city, "57H"`},
		{file: "threadiverse/mastodon/collections/featured.json", find: "https://mastodon.social/users/LemmyDev", given: owner("https://mastodon.social/users/LemmyDev", "", ""), want: `
			Person @LemmyDev@mastodon.social, "LemmyDev"
			…
			pinned: https://mastodon.social/users/LemmyDev/statuses/104246642906910728`},
		{file: "threadiverse/mastodon/objects/note_1.json", want: `
			Note by @felix@mastodon.madrid, unlisted, en
			text: <p><span class="h-card"><a href="https://mamot.fr/@retiolus" class="u-url mention" target="_bl…ago, there isnt a huge difference anyway.</p>
			reply to: https://mamot.fr/users/retiolus/statuses/107224244380204526
			mentions: retiolus@mamot.fr
			page: https://mastodon.madrid/@felix/107224289116410645
			at: 2021-11-05T11:46:50.000Z`},
		{file: "threadiverse/mastodon/objects/page.json", want: `
			Note by @mastodon@masto.qa.urbanwildlife.biz, public, it
			text: <p><span class="h-card" translate="no"><a href="https://enterprise.lemmy.ml/c/tenforward" clas…set it to 0 at the beginning of the file)</p>
			mentions: tenforward@enterprise.lemmy.ml
			page: https://masto.qa.urbanwildlife.biz/110830743680706519
			at: 2023-08-04T09:55:39.000Z`},
		{file: "threadiverse/mbin/objects/instance.json", want: `
			Application @fedia.io@fedia.io, "Mbin"
			bot
			locked`},
		{file: "threadiverse/mobilizon/objects/event.json", want: `
			Event by @devon_caledonian_society@rendezvous.nomagic.uk, public, en
			text: <p><strong>Caledonian scottish dance class</strong></p>…2022…The Kenn Centre…
			image: https://rendezvous.nomagic.uk/media/cd75bf2f61b66004fe20af4797f5aa847ae1f9ea1c118f53093d6fc4e51a6045.jpg?name=devon_caledonian_society%27s%20banner.jpg (Banner)
			tags: caledonian, dance, lesson
			at: 2022-09-27T14:33:14.000Z
			edited: 2022-09-27T14:39:18.000Z`},
		{file: "threadiverse/mobilizon/objects/group.json", want: `
			Group @contribateliers@mobilizon.fr, "Contribateliers"
			group
			discoverable
			note: <p>Des ateliers pour contribuer au libre sans rien y connaître.</p>
			avatar: https://mobilizon.fr/media/a94f7f8da4b39f6b375f55bd8664abff4ae61d33496df7ee23ad6bf473c3632f.png?name=contribateliers%27s%20avatar.png
			header: https://mobilizon.fr/media/7fe251dd5f8b5abcea10c31b655c09afee457efdd49f3087ba78b054b3f0dbeb.jpg?name=contribateliers%27s%20banner.jpg`},
		{file: "threadiverse/mobilizon/objects/person.json", want: `
			Person @sanof44@mobilizon.fr, "Sanof44"`},
		{file: "threadiverse/nodebb/objects/group.json", want: `
			Group @general@bb.devnull.land, "General Discussion"
			group
			note: <p>A place to talk about whatever you want</p>⏎<p>This is a forum category containing topical …discussions by mentioning this category.</p>⏎
			avatar: https://bb.devnull.land/assets/uploads/category/category-2-icon.png
			page: https://bb.devnull.land/category/2/general-discussion`},
		{file: "threadiverse/nodebb/objects/page.json", want: `
			Article by @julian@bb.devnull.land, public
			text: <p><strong>Welcome to your NodeBB!</strong></p>…
			at: 2025-10-07T15:22:42.176Z`},
		{file: "threadiverse/nodebb/objects/person.json", want: `
			Person @julian@bb.devnull.land, "julian"
			note: <p>This is a test account for NodeBB ActivityPub Development</p>⏎
			page: https://bb.devnull.land/user/julian`},
		{file: "threadiverse/peertube/objects/group.json", want: `
			Group @thelinuxexperiment_channel@tilvids.com, "The Linux Experiment"
			group
			note: <p>I&#39;m Nick, and I like to tinker with Linux stuff. …</p><p>You might see a bit of Linux gaming here…
			avatar: https://tilvids.com/lazy-static/avatars/1bbe97f1-d283-4db4-8bdd-e5320564aff9.jpg
			header: https://tilvids.com/lazy-static/banners/1a8d6881-30c8-47cb-8576-7af62d869c45.jpg`},
		{file: "threadiverse/peertube/objects/note.json", want: `
			Note by @yoge6785555@video.antopie.org, public
			text: <p>@af2@bae.st idk</p>
			reply to: https://bae.st/objects/87c1cbf5-542a-491d-af57-0414c8648381
			mentions: af2@bae.st
			at: 2022-04-29T07:52:32.548Z
			edited: 2022-04-29T07:52:32.555Z`},
		{file: "threadiverse/peertube/objects/video.json", want: `
			Video by @thelinuxexperiment@tilvids.com, public, en
			text: <p><strong>Mesa, Wayland &amp; X.org in trouble, Debian leaves X, Facebook blocks Linux: Linux &amp; Open Source News</strong></p><p>Head to <a href="https://squarespace.com/thelinuxexperiment"…
			…
			video: https://tilvids.com/static/streaming-playlists/hls/e7946124-7b72-4ad7-9d22-844a84bb2de1/…
			…`},
		{file: "threadiverse/pleroma/objects/chat_message.json", swap: []string{"https://enterprise.lemmy.ml/u/picard", "{alice}"}, create: true, want: `
			… by @lanodan@queer.hacktivis.me, direct, at home
			text: Hi!
			mentions: alice
			at: 2020-02-12T14:08:20.000Z
			notification: mention @lanodan@queer.hacktivis.me`},
		{file: "threadiverse/pleroma/objects/note.json", want: `
			Note by @lanodan@queer.hacktivis.me, unlisted
			text: Have what?
			reply to: https://enterprise.lemmy.ml/post/55143
			mentions: popolon@pleroma.popolon.org
			at: 2021-10-07T18:06:52.555Z`},
		{file: "threadiverse/pleroma/objects/person.json", want: `
			Person @lanodan@queer.hacktivis.me, "Haelwenn /элвэн/ :bzh:"
			note: ---Lang: Français(natif), English(fluent), LSF(🤏~👌), русский (еле-еле), <br />Politics: Anarch…rel="nofollow noopener noreferrer">#nobot</a>
			avatar: https://queer.hacktivis.me/media/d23cf9b0-5586-4592-aca5-9a52777a6042/avatar_HD.png
			header: https://queer.hacktivis.me/media/37b6ce56-8c24-4e64-bd70-a76e84ab0c69/53a48a3a49ed5e5637a84e4f3663df17f8d764244bbc1027ba03cfc446e8b7bd.jpg
			emoji: anarchy
			emoji: bzh
			emoji: gentoo`},
		{file: "threadiverse/wordpress/objects/page.json", want: `
			Article by @db0@dbzer0.com, public, en
			text: <p><strong>An Epic 3D-Printed Fan Expansion for Last Light</strong></p>…
			image: https://i0.wp.com/dbzer0.com/wp-content/uploads/2025/12/Splash-Art2-3.png?fit=980%2C980&ssl=1 (A fleet of varied spacships)
			image: https://i0.wp.com/dbzer0.com/wp-content/uploads/2025/12/Splash-Art.jpg?fit=696%2C1024&ssl=1
			image: https://i0.wp.com/dbzer0.com/wp-content/uploads/2025/12/small3-1.png?fit=980%2C980&ssl=1
			image: https://i0.wp.com/dbzer0.com/wp-content/uploads/2025/12/small-1-scaled.jpg?fit=768%2C1024&ssl=1
			tags: 3dprinting, ai, boardgames, genai, lastlight
			page: https://dbzer0.com/blog/an-epic-3d-printed-fan-expansion-for-last-light/
			at: 2025-12-10T15:53:45.000Z
			edited: 2025-12-10T18:23:32.000Z
			favourites: 2`},
		{file: "threadiverse/wordpress/objects/person.json", want: `
			Person @matthias@pfefferle.org, "Matthias Pfefferle"
			discoverable
			indexable
			note: <p>Ich arbeite als Open Web Lead für Automattic.</p>⏎
			field: Blog = <a href="https://pfefferle.org/" target="_blank" rel="nofollow noopener noreferrer">pfefferle.org</a>
			field: Profile = <a href="https://pfefferle.org/author/pfefferle/" target="_blank" rel="nofollow noopener noreferrer">pfefferle.org</a>
			avatar: https://secure.gravatar.com/avatar/a2bdca7870e859658cece96c044b3be5?s=120&d=mm&r=g`},
	}
}
